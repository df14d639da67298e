from werkzeug.routing import Map, Rule

from blueprints.url_rules import LazyRule


def built(rule_class):
    rules = [
        rule_class("/runs/<uuid:run>", endpoint="run"),
        rule_class("/api/<workspace>/<path:rest>", endpoint="call"),
        rule_class("/pages/", endpoint="pages", defaults={"page": 1}),
        rule_class("/pages/<int:page>", endpoint="pages"),
    ]
    urls = Map(rules).bind("flows.example.com")
    return [
        urls.build("run", {"run": "01a21af4-27bf-7f0e-b511-35f48d000000", "tab": "in & out"}),
        urls.build("call", {"workspace": "a b", "rest": "x/y ö"}, force_external=True),
        urls.build("pages", {"page": 1}),
        urls.build("pages", {"page": 2}, append_unknown=False),
    ]


def test_a_lazy_rule_builds_what_werkzeug_s_own_does():
    assert built(LazyRule) == built(Rule)


def test_a_rule_is_compiled_when_a_url_is_wanted_and_only_once(monkeypatch):
    compiled = []
    whole = Rule._compile_builder

    def note(rule, *given):
        compiled.append(rule.endpoint)
        return whole(rule, *given)

    monkeypatch.setattr(Rule, "_compile_builder", note)
    rules = [LazyRule("/a/<x>", endpoint="a"), LazyRule("/b/<x>", endpoint="b")]
    urls = Map(rules).bind("localhost")
    assert compiled == []

    assert [urls.build("a", {"x": x}) for x in "12"] == ["/a/1", "/a/2"]

    assert compiled == ["a"]
