import json

import pytest

from core.engine.expressions import ExpressionError, functions, problems, resolve
from tests.unit.engine.expressions.payloads import PAYLOADS
from tests.unit.engine.expressions.scopes import make_scope

FORMS = ("{{ %s }}", "a {{ %s }} b", "{{ [%s] }}", "{{ (%s) | text }}", "{{ x.%s }}", "%s")
PROTOCOL = {
    *("__class__", "__len__", "__iter__", "__getitem__", "__contains__"),
    *("get", "keys", "items", "values"),
}
TRACES = ("class '", "<function", "<built-in", "object at 0x", "module '", "root:")


class Guarded(dict):
    """An object that notes which of its attributes are asked for."""

    asked = set()

    def __getattribute__(self, name):
        Guarded.asked.add(name)
        return super().__getattribute__(name)


def guarded_scope():
    scope = make_scope(x={"a": 1})
    for root in ("trigger", "steps", "run", "vars", "env"):
        scope[root] = Guarded(scope[root])
    scope["steps"]["clean"] = Guarded(scope["steps"]["clean"])
    return scope


@pytest.mark.parametrize("form", FORMS)
def test_no_payload_reaches_more_than_json(form):
    for payload in PAYLOADS:
        source = form % payload
        try:
            value = resolve(source, guarded_scope())
        except ExpressionError as refusal:
            assert refusal.column
            continue
        written = json.dumps(value)
        assert not any(trace in written for trace in TRACES), source


def test_no_payload_asks_for_an_attribute():
    Guarded.asked.clear()

    for payload in PAYLOADS:
        for form in FORMS:
            try:
                resolve(form % payload, guarded_scope())
            except ExpressionError:
                continue

    assert Guarded.asked <= PROTOCOL


def test_there_are_payloads_enough():
    assert len(set(PAYLOADS)) >= 200


def test_text_without_braces_stays_as_it_is():
    for payload in PAYLOADS:
        if "{{" not in payload:
            assert resolve(payload, {}) == payload
            assert not problems(payload)


def test_nothing_with_two_underscores_is_a_root():
    hidden = make_scope(__secret__="s", __=1)

    for name in ("__secret__", "__now__", "__", "__callback_url__"):
        with pytest.raises(ExpressionError, match=f"no value called “{name}”"):
            resolve("{{ " + name + " }}", hidden)
        with pytest.raises(ExpressionError, match="no value called"):
            resolve("{{ " + name + ".x }}", hidden)


def test_no_function_is_hidden():
    assert all(name.isidentifier() and not name.startswith("_") for name in functions())


@pytest.mark.parametrize(
    ("source", "html"),
    [
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>"),
        ("[x](https://a.test/?q=%22)", '<p><a href="https://a.test/?q=%22">x</a></p>'),
        ('![a"b](https://a.test/x.png)', '<p><img src="https://a.test/x.png" alt="a&quot;b"></p>'),
        ("`<b>` **<i>**", "<p><code>&lt;b&gt;</code> <strong>&lt;i&gt;</strong></p>"),
        (
            '```"><script>\nx\n```',
            "<p>```&quot;&gt;&lt;script&gt;\nx</p>\n<pre><code>\n</code></pre>",
        ),
    ],
)
def test_markdown_never_lets_html_through(source, html):
    assert resolve("{{ trigger | markdown_to_html }}", {"trigger": source}) == html
