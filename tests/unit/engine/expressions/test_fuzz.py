import json
import string
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.engine.expressions import ExpressionError, functions, parse, problems, references, resolve
from tests.unit.engine.expressions.slow_reference import NotComparedHere, Refused, tree_of, value_of

QUICK = settings(
    max_examples=120, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
SCOPE = {
    "trigger": {"a": 1, "b": [3, "x", None, {"a": 2.5}], "c": {"a": "7", "d": True}, "e": ""},
    "vars": {"n": -2, "s": "abc", "l": [1, 2.0, "2", None]},
    "item": "b",
}


def joined(*parts):
    return st.tuples(*parts).map(" ".join)


def grown(inner):
    """Larger expressions out of smaller ones, without brackets: precedence has to be right."""
    operator = st.sampled_from(["+", "-", "*", "/", "%"])
    comparison = st.sampled_from(["==", "!=", "<", "<=", ">", ">=", "in", "not in"])
    logic = st.sampled_from(["and", "or"])
    lists = st.lists(inner, max_size=3).map(", ".join)
    loop = st.sampled_from(["for item in vars.l", "for x in trigger.b", "for x in [1, 2] if x"])
    return st.one_of(
        joined(inner, operator, inner),
        joined(inner, comparison, inner),
        joined(inner, logic, inner),
        joined(st.sampled_from(["-", "not", "+"]), inner),
        joined(inner, st.just("if"), inner, st.just("else"), inner),
        inner.map(lambda part: f"({part})"),
        lists.map(lambda parts: f"[{parts}]"),
        lists.map(lambda parts: f"max({parts})"),
        st.tuples(inner, lists).map(lambda parts: f"{parts[0]} | max({parts[1]})"),
        st.tuples(inner, loop).map(lambda parts: f"[{parts[0]} {parts[1]}]"),
        st.tuples(inner, inner).map(lambda parts: f"{{{parts[0]}: {parts[1]}}}"),
        st.tuples(inner, inner).map(lambda parts: f"({parts[0]})[{parts[1]}]"),
    )


WRITTEN_LEAVES = """
1 2 0 7 2.5 'x' 'abc' '2' '' true false null trigger.a trigger.b trigger.b[3].a trigger.c.a
trigger.c trigger.e vars.n vars.s vars.l item trigger.zzz vars.l[-1] x.a
"""
LEAVES = st.sampled_from(WRITTEN_LEAVES.split())
EXPRESSIONS = st.recursive(LEAVES, grown, max_leaves=8)


def outcome(work):
    """The value as JSON, or that there is none."""
    try:
        return json.dumps(work(), sort_keys=True)
    except (ExpressionError, Refused, OverflowError):
        return "refused"


@QUICK
@given(EXPRESSIONS)
def test_a_slow_reader_of_the_contract_comes_to_the_same_value(source):
    try:
        expected = outcome(lambda: value_of(source, SCOPE))
    except NotComparedHere:
        return

    assert outcome(lambda: resolve("{{ " + source + " }}", SCOPE)) == expected


WRITTEN_TOKENS = """
1 2.5 'a' x max max( trigger . .a [ ] ( ) { } , : | + - * / % == != < <= > >= in not and or
if else for true
"""
TOKENS = st.sampled_from([*WRITTEN_TOKENS.split(), "[x for x in", "not in", "1 if x else"])


@QUICK
@given(st.lists(TOKENS, min_size=1, max_size=12).map(" ".join))
def test_what_python_cannot_read_is_no_expression_either(source):
    try:
        tree_of(source)
        is_readable = True
    except Refused:
        is_readable = False

    assert can_parse(source) == is_readable or has_what_only_one_reads(source)


def has_what_only_one_reads(source):
    """Keywords behind a point are keys of ours; texts in a row are one text of Python's."""
    words = source.split(" ")
    keywords = {"and", "or", "if", "else", "for", "not", "in"}
    if any(one == two == "'a'" for one, two in pairwise(words)):
        return True
    return any(one == "." and two in keywords for one, two in pairwise(words))


def can_parse(source):
    try:
        parse("{{ " + source + " }}")
    except ExpressionError:
        return False
    return True


def only_expression_errors(text):
    for source in ("{{" + text, "a {{ 1 }} {{ " + text + " }} b"):
        try:
            json.dumps(resolve(source, SCOPE))
        except ExpressionError as error:
            assert error.column is None or 1 <= error.column <= len(source) + 1
        assert all(1 <= (problem.column or 0) <= len(source) + 1 for problem in problems(source))
        references(source)


@QUICK
@given(st.text())
def test_any_text_is_computed_or_refused(text):
    only_expression_errors(text)


@QUICK
@given(st.text(alphabet=string.printable + "“’é１ª²\u00a0\ud800😀", max_size=60))
def test_any_text_of_signs_is_computed_or_refused(text):
    only_expression_errors(text)


@settings(QUICK, max_examples=60)
@given(EXPRESSIONS, st.integers(0, 60), st.sampled_from("(){}[]'\".,|+-\\ \x00"))
def test_a_typing_mistake_is_computed_or_refused(source, place, sign):
    only_expression_errors(source[:place] + sign + source[place:])
    only_expression_errors(source[:place] + source[place + 1 :])


NUMBERS = [0, 1, -1, 3, 2**63 - 1, -(2**63), 0.5, -2.5, 1e308, 5e-324, 2**53, 1795334400000]
TEXTS = [
    *("", "a", "Ada Lovelace", "0", "-5", "1e308", "9" * 400, "ß", "\ud800", "😀", "\x00", "( "),
    *("2026-11-22T08:00:00Z", "2026-02-30", "0001-01-01", "9999-12-31", "1d", "P1M", "-9 years"),
    *("UTC", "Europe/Berlin", "day", "months", "desc", "all", "end", ",", ";", "a.b[0]", "[-1]"),
    *("(a)|b", "a*", "%Y", "YYYY", "[1,{}]", "a,b\n1,2", "<a>x</a>", "yes", "# a\n- b\n> c"),
]
LISTS = [[], [None], [1, "a"], [3, 1, 2], ["b", "A"], [[1], [2]], [{"a": 1}, {"a": {"b": [1]}}]]
OBJECTS = [{}, {"a": 1}, {"": None, "a": {"b": [1, 2]}}, {"a.b": [True], "ß": "\ud800"}]
VALUES = st.sampled_from([None, True, False, *NUMBERS, *TEXTS, *LISTS, *OBJECTS])


def calls():
    names = "abc"
    for name, info in functions().items():
        for count in range(info.fewest, min(info.most or 3, 3) + 1):
            yield f"{{{{ {name}({', '.join(names[:count])}) }}}}"


CALLS = sorted(calls())


@settings(QUICK, max_examples=300)
@given(st.sampled_from(CALLS), VALUES, VALUES, VALUES)
def test_any_function_of_any_values_gives_json_or_is_refused(call, a, b, c):
    names = {"a": a, "b": b, "c": c, "run": {"timezone": "Europe/Berlin"}}
    before = json.dumps(names)

    try:
        json.dumps(resolve(call, names), allow_nan=False)
    except ExpressionError as error:
        assert error.column == 4

    assert json.dumps(names) == before
