import sys
import time

import pytest

from core.engine.expressions import ExpressionError, Meter, parse, problems, resolve
from tests.unit.engine.expressions.scopes import make_scope

LARGE = "x" * 9_000_000
LIMIT = sys.getrecursionlimit()
WIDE = list(range(200_000))

DOUBLED = "[1]"
for _ in range(23):
    DOUBLED = f"[[x, x] for x in {DOUBLED}]"

BOMBS = {
    "powers": "10**10**10",
    "long text by multiplication": "'a' * 1000000000",
    "long list by multiplication": "[0] * 1000000000",
    "text doubled by joining": "[trigger.large, trigger.large] | join",
    "text doubled by plus": "trigger.large + trigger.large",
    "padding": "pad('a', 1000000000)",
    "padding beyond integers": "pad('a', 9223372036854775807)",
    "replacing one by many": "replace(trigger.large, 'x', 'xxxxxxxxxx')",
    "chained replacing": "'xxxxxxxxxx'" + " | replace('x', 'xxxxxxxxxxxxxxxxxxxxxxxxxxxx')" * 7,
    "wide characters": "pad('a', 9000000, '€')",
    "a long range": "range(1000000000)",
    "an endless range": "range(-9223372036854775807, 9223372036854775807)",
    "nested loops": "[[[0 for x in range(1000)] for y in range(1000)] for z in range(1000)]",
    "a loop of long texts": "[trigger.large | upper for x in range(99)]",
    "a doubling list": DOUBLED,
    "a doubling list as text": f"{DOUBLED} | json",
    "a doubling list compared": f"{DOUBLED} == {DOUBLED}",
    "many copies of a text": "[trigger.large for x in range(1000)]",
    "many copies of a list": "[trigger.wide + [x] for x in range(100)]",
    "many objects": "[{'a': 1, 'b': 2, 'c': 3, 'd': 4} for x in range(900000)]",
    "many cuts of a list": "trigger.wide | chunk(1) | flatten | chunk(1) | flatten | chunk(1)",
    "a long product": " * ".join(["9223372036854775807"] * 50),
    "a large exponent": "1e308 * 1e308",
    "a deep JSON": "parse_json(trigger.deep)",
    "a deep XML": "parse_xml(trigger.xml)",
    "an entity bomb": "parse_xml('<!DOCTYPE a [<!ENTITY b \"bb\">]><a>&b;&b;</a>')",
    "a wide CSV": "parse_csv(trigger.commas)",
    "a large pattern": "matches('a', '((a{100}){100}){100}')",
    "a slow pattern": "matches(trigger.large, '(x|y)*x(x|y){500}z')",
    "a slow pattern for a field": "[matches(trigger.some, 'x(x|y){400}z') for x in range(999)]",
    "a long pattern": "matches('a', trigger.large)",
    "a long date": "date(trigger.large)",
    "a long duration": "add_time(now(), trigger.large)",
    "a long path": "map([1], trigger.large)",
    "text as numbers": "number(trigger.digits) + 1",
}

SHORT_RATION = 50_000  # units; the same end as with a million, sooner
SHORTENED = {bomb for bomb in BOMBS if bomb.startswith(("a doubling", "many cuts", "a loop"))}


@pytest.fixture(scope="module")
def scope():
    return make_scope(
        trigger={
            "large": LARGE,
            "some": "x" * 20_000,
            "wide": WIDE,
            "deep": "[" * 100_000 + "]" * 100_000,
            "xml": "<a>" * 200 + "</a>" * 200,
            "commas": "," * 2_000_000,
            "digits": "9" * 300,
        }
    )


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_refused_quickly(bomb, scope):
    meter = Meter(SHORT_RATION) if bomb in SHORTENED else Meter()
    started = time.process_time()

    with pytest.raises(ExpressionError):
        resolve("{{ " + BOMBS[bomb] + " }}", scope, meter)

    assert time.process_time() - started < 1.5


EVIL_PATTERNS = ("(a+)+$", "(a|aa)+$", "(a|a?)+$", "(.*a){20}$", "^(([a-z])+.)+[A-Z]([a-z])+$")


@pytest.mark.parametrize("pattern", EVIL_PATTERNS)
def test_no_pattern_takes_long(pattern):
    started = time.process_time()

    resolve(f"{{{{ matches(trigger, '{pattern}') }}}}", {"trigger": "a" * 5000 + "!"})

    assert time.process_time() - started < 0.5


NESTED = {
    "brackets": "(" * 900 + "1" + ")" * 900,
    "lists": "[" * 900 + "]" * 900,
    "objects": "{'a':" * 300 + "1" + "}" * 300,
    "minuses": "-" * 1900 + "1",
    "nots": "not " * 480 + "1",
    "choices": "1 if 1 else " * 150 + "1",
    "calls": "abs(" * 400 + "1" + ")" * 400,
    "pipes": "1" + "|abs" * 400,
    "positions": "trigger" + "[0" * 600 + "]" * 600,
    "comprehensions": "[x for x in " * 120 + "[]" + "]" * 120,
    "pipes in brackets": "abs(1|abs|abs|abs|" * 100 + "abs" + ")" * 100,
}


@pytest.mark.parametrize("name", NESTED)
def test_deep_nesting_is_refused_and_never_exhausts_the_stack(name):
    source = "{{ " + NESTED[name] + " }}"

    with pytest.raises(ExpressionError):
        parse(source)
    assert problems(source)


LONG = {
    "1" + " + 1" * 480: 481,
    "1" + "*1" * 900: 1,
    "trigger" + ".a" * 900: None,
    "trigger" + "[0]" * 600: None,
    "1" + " and 1" * 320: 1,
    "0" + " or 0" * 380: 0,
    "1" + " < 2 > 1" * 200: True,
    "sum([" + "1," * 900 + "])": 900,
}


@pytest.mark.parametrize("expression", LONG, ids=lambda expression: expression[:12])
def test_long_rows_need_no_stack(expression):
    template = parse("{{ " + expression + " }}")

    value = call_deep_down(lambda: template.evaluate({"trigger": {}}), LIMIT // 2)

    assert value == LONG[expression]


def test_the_worst_nesting_that_is_allowed_needs_less_than_half_of_the_stack():
    opening, closing = "(1 if not (1 or 0 and 1 < 2 + 3 * -[", "][0] | abs) else 5)"
    source = "{{ " + opening * 4 + "1" + closing * 4 + " }}"

    template = call_deep_down(lambda: parse(source), LIMIT // 2)
    value = call_deep_down(lambda: template.evaluate({}), LIMIT // 2)

    assert value == 5


def call_deep_down(work, depth):
    """Call where so many frames are in use already."""
    return call_deep_down(work, depth - 1) if depth else work()


def test_an_expression_has_at_most_2000_characters():
    longest = "{{" + "1" + " " * 1999 + "}}"

    assert resolve("{{" + "1" + " " * 1997 + "}}", {}) == 1
    with pytest.raises(ExpressionError, match=r"at most 2,000 characters"):
        parse(longest + " ")
    assert resolve("x" * 100_000 + "{{ 1 }}", {})[-1] == "1"


def test_one_text_has_at_most_500_expressions():
    assert resolve("{{ 1 }}" * 500, {}) == "1" * 500
    with pytest.raises(ExpressionError, match="at most 500 expressions"):
        parse("{{ 1 }}" * 501)


def test_a_text_with_expressions_has_at_most_a_million_characters():
    with pytest.raises(ExpressionError, match="1,000,000 characters"):
        parse("{{ 1 }}" + "x" * 1_000_000)
    assert resolve("x" * 2_000_000, {}) == "x" * 2_000_000


def test_a_field_shares_one_meter_between_its_texts():
    one = "{{ range(400000) | count }}"

    assert resolve([one, one], {}) == [400_000, 400_000]
    with pytest.raises(ExpressionError, match="too much work"):
        resolve([one, one, one], {})


def test_a_million_units_are_enough_for_a_long_list():
    wide = {"trigger": {"wide": WIDE}}

    def count(text):
        return resolve(text, wide, Meter(seconds=60))  # other tests run beside this one

    assert count("{{ trigger.wide | count }}") == 200_000
    assert count("{{ range(999000) | count }}") == 999_000
    assert count("{{ [x for x in trigger.wide if x > 9] | count }}") == 199_990


def test_the_watch_ends_what_the_units_do_not():
    meter = Meter(seconds=0.01)

    with pytest.raises(ExpressionError, match=r"takes longer than 0.01 s"):
        parse("{{ [x * x + x * x + x * x for x in range(300000)] }}").evaluate({}, meter)


def test_a_joined_text_has_at_most_10_mb(scope):
    with pytest.raises(ExpressionError, match="longer than 10 MB"):
        resolve("{{ trigger.large }} {{ trigger.large }}", scope)
    assert resolve("{{ trigger.large }}", scope) is LARGE


def test_an_input_that_lies_too_deep_is_refused():
    value = "{{ 1 }}"
    for _ in range(150):
        value = [value]

    with pytest.raises(ExpressionError, match="100 levels deep"):
        resolve(value, {})


def test_a_value_that_lies_too_deep_is_passed_on_but_not_walked():
    deep = []
    for _ in range(500):
        deep = [deep]

    assert resolve("{{ trigger }}", {"trigger": deep}) is deep
    for source in ("{{ [trigger] }}", "x {{ trigger }}", "{{ trigger == [trigger] }}"):
        with pytest.raises(ExpressionError, match="levels deep"):
            resolve(source, {"trigger": deep})
