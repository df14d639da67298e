from collections.abc import Mapping

import pytest

from core.engine.expressions import ROOTS, ExpressionError, parse, problems, references, resolve
from tests.unit.engine.expressions.scopes import make_scope

READ = [
    ("trigger.items[0].price", 2.5),
    ("trigger.items[-1].sku", "C"),
    ("trigger.items[9].sku", None),
    ("trigger.items['sku']", None),
    ("trigger.items[true]", None),
    ("trigger.customer['odd key']", 1),
    ("trigger.customer.class", "gold"),
    ("trigger.customer.ﬁ", "ligature"),
    ("trigger.customer.fi", None),
    ("trigger.headers['x-delivery-id']", "d-1"),
    ("trigger['customer'].name", "Ada"),
    ("trigger.customer['na' + 'me']", "Ada"),
    ("trigger.email.deep.down", None),
    ("trigger.empty.deep", None),
    ("trigger.email[0]", None),
    ("steps.clean.email", "ada@example.com"),
    ("steps['clean']['lines'][1]", 2),
    ("steps.later", None),
    ("steps.later.email", None),
    ("env.anything", None),
    ("{'1': 'a'}[1]", "a"),
    ("[10, 20][1.0]", 20),
    ("[item for item in [1]]", [1]),
]


@pytest.mark.parametrize(("expression", "value"), READ)
def test_a_path_reads_keys_and_positions(expression, value):
    assert resolve("{{ " + expression + " }}", make_scope()) == value


UNKNOWN = [
    ("{{ triger.total }}", "there is no value called “triger”; did you mean “trigger”?", 4),
    ("Hello {{ item.name }}", "there is no value called “item”", 10),
    ("{{ steps.clena.email }}", "there is no step called “clena”", 4),
    ("{{ steps['clena'] }}", "there is no step called “clena”", 4),
    ("{{ steps[0].x }}", "there is no step called a number", 4),
    ("{{ [steps[x] for x in ['nope']] }}", "there is no step called “nope”", 5),
    ("{{ __now__ }}", "there is no value called “__now__”", 4),
    ("{{ trigger.x | uper }}", "there is no function called “uper”; did you mean “upper”?", 16),
    ("{{ upper() }}", "upper needs more values: upper(text)", 4),
    ("{{ 'a' | upper('b') }}", "upper takes fewer values: upper(text)", 10),
    ("{{ 'a' | number | round | sum }}", "number: a number is expected, not “a”", 10),
]


@pytest.mark.parametrize(("source", "words", "column"), UNKNOWN)
def test_what_is_not_there_is_named_with_its_place(source, words, column):
    with pytest.raises(ExpressionError) as refusal:
        resolve(source, make_scope())

    assert words in refusal.value.message
    assert refusal.value.column == column


UNREADABLE = [
    ("{{ }}", "the expression is empty", 4),
    ("{{ 1 + }}", "the expression ends too soon: a value is missing", 8),
    ("{{ 1 2 }}", "“2” does not fit here: an operator is missing", 6),
    ("{{ 'a' 'b' }}", "an operator is missing", 8),
    ("{{ f'a' }}", "an operator is missing", 5),
    ("{{ (1 }}", "“)” is expected", 7),
    ("{{ [1, 2 }}", "“,” or “]”", 10),
    ("{{ {'a' 1} }}", "“:” is expected after the key", 9),
    ("{{ {1, 2} }}", "“:” is expected after the key", 6),
    ("{{ (1, 2) }}", "a list stands in square brackets", 6),
    ("{{ () }}", "a value is missing", 5),
    ("{{ x[1:2] }}", "write slice(x, from, to)", 7),
    ("{{ x.0 }}", "write [0]", 6),
    ("{{ x. }}", "after a point stands a key", 7),
    ("{{ 'abc }}", "no closing quote", 4),
    ("{{ “abc” }}", "straight quotes", 4),
    ("{{ a || b }}", "write “or”", 6),
    ("{{ a && b }}", "write “and”", 6),
    ("{{ !a }}", "write “not”", 4),
    ("{{ a = 1 }}", "write “==”", 6),
    ("{{ a === 1 }}", "write “==”", 8),
    ("{{ a ? 1 : 2 }}", "write “a if c else b”", 6),
    ("{{ 2 ** 3 }}", "there are no powers", 6),
    ("{{ 7 // 2 }}", "write floor(a / b)", 6),
    ("{{ a is null }}", "write “==” instead of “is”", 6),
    ("{{ None }}", "write “null”", 4),
    ("{{ True }}", "write “true”", 4),
    ("{{ 1 if 2 }}", "“else” is expected", 11),
    ("{{ x | 5 }}", "after “|” stands a function", 8),
    ("{{ 1 | max(2) + 2 }}", "put what stands before it in brackets", 15),
    ("{{ trigger.items.map('sku') }}", "write it as a function: x | map(…)", 21),
    ("{{ trigger.items('sku') }}", "only functions can be called", 17),
    ("{{ [x for x, y in z] }}", "only one name", 12),
    ("{{ [x for x in a for y in b] }}", "only one “for”", 18),
    ("{{ [x for 1 in a] }}", "after “for” stands a name", 11),
    ("{{ 12a }}", "no letter may follow", 4),
    ("{{ 007 }}", "does not begin with 0", 4),
    ("{{ a } }}", "nothing that this “}” closes", 6),
    ("{{ a", "this “{{” has no closing “}}”", 1),
    ("a {{ 'x }}", "no closing quote", 6),
    ("{{ a; b }}", "“;” is not part of an expression", 5),
    ("{{ a # b }}", "“#” is not part of an expression", 6),
    ("{{ \\x }}", "“\\” is not part of an expression", 4),
    (r"{{ '\U00110000' }}", "no character with this number", 4),
]


@pytest.mark.parametrize(("source", "words", "column"), UNREADABLE)
def test_what_cannot_be_read_is_refused_with_advice(source, words, column):
    with pytest.raises(ExpressionError) as refusal:
        parse(source)

    assert words in refusal.value.message
    assert refusal.value.column == column
    assert problems(source)[0].column == column


JOINED = [
    ("plain text", "plain text"),
    ("", ""),
    ("Hello {{ trigger.customer.name }}!", "Hello Ada!"),
    ("{{ 1 }}{{ 2 }}", "12"),
    (" {{ 5 }}", " 5"),
    ("{{ null }} {{ true }} {{ 2.0 }} {{ 2.5 }}", " true 2 2.5"),
    ("x {{ [1, {'ä': null}] }}", 'x [1,{"ä":null}]'),
    ("at {{ now() }}", "at 2026-11-22T08:00:00.000Z"),
    ("{{ '{{' }}", "{{"),
    ("{{ '}}' }} }}", "}} }}"),
    ("{{ {'a': {'b': 1}}}}", {"a": {"b": 1}}),
    ("{{{'a': 1}}}", {"a": 1}),
    ("{{ {'a': 1} }}}", '{"a":1}}'),
    ("a }} b { c", "a }} b { c"),
]


@pytest.mark.parametrize(("source", "value"), JOINED)
def test_the_pieces_of_a_field_are_joined_unless_it_is_one_expression(source, value):
    assert parse(source).evaluate(make_scope()) == value


def test_a_field_that_is_one_expression_keeps_its_type():
    single, joined = parse("{{ vars.count }}"), parse("{{ vars.count }} ")

    assert (single.is_single, single.evaluate(make_scope())) == (True, 3)
    assert (joined.is_single, joined.evaluate(make_scope())) == (False, "3 ")


def test_an_input_is_resolved_in_depth_and_its_keys_stay():
    given = {"{{ key }}": ["{{ vars.count }}", 1, None, {"a": "n={{ vars.count }}"}], "b": True}

    assert resolve(given, make_scope()) == {"{{ key }}": [3, 1, None, {"a": "n=3"}], "b": True}
    assert given["b"] is True


def test_an_error_says_where_in_the_input_it_is():
    with pytest.raises(ExpressionError) as refusal:
        resolve({"body": [1, {"to": "x {{ nobody }}"}]}, make_scope())

    assert refusal.value.path == ("body", 1, "to")
    assert refusal.value.column == 6
    assert str(refusal.value).endswith("(column 6)")


def test_text_in_values_is_never_read_as_an_expression():
    scope = make_scope(trigger={"text": "{{ 1 + 1 }}"})

    assert resolve("{{ trigger.text }} {{ trigger.text | upper }}", scope) == (
        "{{ 1 + 1 }} {{ 1 + 1 }}"
    )


def test_references_are_found_without_running():
    value = {
        "a": "{{ steps.clean.lines[0].price + trigger['odd key'] }}",
        "b": ["{{ [l.x + item.y for l in steps[trigger.which].z] }}", "{{ broken"],
        "c": "x {{ now() }} {{ loops.each.index | text }}",
    }

    found = [(reference.path, reference.column) for reference in references(value)]

    assert found == [
        (("steps", "clean", "lines", 0, "price"), 4),
        (("trigger", "odd key"), 33),
        (("item", "y"), 11),
        (("steps",), 27),
        (("trigger", "which"), 33),
        (("loops", "each", "index"), 18),
    ]


def test_all_problems_are_listed_not_the_first():
    given = {"a": "{{ foo(bar.x) }} {{ upper() }}", "b": ["{{ 1 + }} {{ 2 }} {{ x"]}

    found = [(problem.path, problem.column, problem.message[:24]) for problem in problems(given)]

    assert found == [
        (("a",), 4, "there is no function cal"),
        (("a",), 21, "upper needs more values:"),
        (("b", 0), 8, "the expression ends too "),
        (("b", 0), 19, "this “{{” has no closing"),
    ]


def test_unknown_roots_are_problems_and_known_ones_are_not():
    assert [problem.message for problem in problems("{{ triger.x }}")] == [
        "there is no value called “triger”; did you mean “trigger”?"
    ]
    assert problems("{{ now }}")[0].message == "“now” is a function: write now()"
    assert not problems("{{ " + " + ".join(sorted(ROOTS)) + " }}")
    assert not problems("{{ [x.y for x in trigger.items] }}")
    assert not problems(["text", 5, None])


class Lazy(Mapping):
    """Loads each value when it is asked for."""

    def __init__(self, values):
        self.stored, self.loaded = values, []

    def __getitem__(self, key):
        value = self.stored[key]
        self.loaded.append(key)
        return value

    def __iter__(self):
        return iter(self.stored)

    def __len__(self):
        return len(self.stored)


def test_a_lazy_value_loads_only_what_is_read():
    trigger = Lazy({"small": Lazy({"x": 1}), "large": "…"})
    scope = make_scope(trigger=trigger)

    assert resolve("{{ trigger.small.x }}", scope) == 1
    assert resolve("{{ trigger.missing.x }}", scope) is None
    assert trigger.loaded == ["small"]


def test_a_lazy_value_becomes_plain_json_in_a_result():
    scope = make_scope(trigger=Lazy({"small": Lazy({"x": [1]})}))

    for source in ("{{ trigger }}", "{{ trigger | merge({}) }}"):
        value = resolve(source, scope)
        assert (type(value), type(value["small"])) == (dict, dict)
    assert resolve("{{ trigger | json }}", scope) == '{"small":{"x":[1]}}'
    assert resolve("{{ [trigger][0].small | keys }}", scope) == ["x"]


def test_the_time_comes_only_from_the_engine():
    with pytest.raises(ExpressionError, match="the time is not available here"):
        resolve("{{ now() }}", {})
    with pytest.raises(ExpressionError, match="callback address is not available"):
        resolve("{{ callback_url('x') }}", {})


def test_a_text_is_parsed_once():
    assert parse("{{ vars.count }}") is parse("{{ vars." + "count }}")
