import pytest

from core.engine.conditions import (
    COMPARISONS,
    ConditionProblem,
    holds,
    is_yes,
    problems,
    references,
    sentence,
)
from core.engine.expressions import ExpressionError

SCOPE = {
    "trigger": {
        "total": 1200,
        "text_total": "1200.50",
        "name": "Ada Lovelace",
        "tags": ["VIP", "new"],
        "date": "2026-11-22T08:00:00Z",
        "empty": None,
        "blank": "",
        "customer": {"name": "Ada"},
        "flag": False,
    },
    "steps": {"clean": {"email": "ada@example.com"}},
    "run": {"timezone": "Europe/Berlin"},
}


@pytest.mark.parametrize("value", [None, False, 0, 0.0, "", [], {}, ()])
def test_what_is_no(value):
    assert not is_yes(value)
    assert not holds("{{ trigger }}", {"trigger": value})


@pytest.mark.parametrize("value", [True, 1, -0.5, " ", "no", "false", "0", [None], {"a": None}])
def test_what_is_yes(value):
    assert is_yes(value)
    assert holds("{{ trigger }}", {"trigger": value})


@pytest.mark.parametrize("condition", [None, "", "  ", {"all": []}, {"any": []}, {"all": None}])
def test_no_condition_always_holds(condition):
    assert holds(condition, {})
    assert sentence(condition) == "always"


def test_an_expression_may_stand_in_spaces():
    assert holds("  {{ trigger.total > 1000 }}\n", SCOPE)
    assert not holds("  {{ trigger.flag }}\n", SCOPE)


@pytest.mark.parametrize("condition", ["yes", "false", "{{ 1 }} {{ 0 }}", "a {{ 0 }}", 5, ["x"]])
def test_what_is_not_one_expression_is_refused(condition):
    with pytest.raises(ExpressionError, match="a condition is one expression"):
        holds(condition, SCOPE)
    assert "a condition is one expression" in problems(condition)[0].message


# left, is, right, without regard to capitals, with regard to them
ROWS = [
    ("{{ trigger.total }}", "equals", 1200, True, True),
    ("{{ trigger.total }}", "equals", "1200", True, True),
    ("{{ trigger.name }}", "equals", "ada LOVELACE", True, False),
    ("{{ trigger.tags }}", "equals", ["vip", "NEW"], True, False),
    ("{{ trigger.date }}", "equals", "2026-11-22T09:00:00+01:00", True, True),
    ("{{ trigger.empty }}", "equals", None, True, True),
    ("{{ trigger.flag }}", "equals", 0, False, False),
    ("{{ trigger.name }}", "not_equals", "ADA lovelace", False, True),
    ("{{ trigger.name }}", "contains", "love", True, False),
    ("{{ trigger.tags }}", "contains", "vip", True, False),
    ("{{ trigger.customer }}", "contains", "name", True, True),
    ("{{ trigger.total }}", "contains", "20", True, True),
    ("{{ trigger.empty }}", "contains", "x", False, False),
    ("{{ trigger.empty }}", "not_contains", "x", True, True),
    ("{{ trigger.name }}", "starts_with", "ADA", True, False),
    ("{{ trigger.total }}", "starts_with", "12", True, True),
    ("{{ trigger.name }}", "ends_with", "LACE", True, False),
    ("{{ trigger.total }}", "greater_than", 1000, True, True),
    ("{{ trigger.total }}", "greater_than", "{{ 5 * 300 }}", False, False),
    ("{{ trigger.text_total }}", "greater_than", "900", True, True),
    ("{{ trigger.empty }}", "greater_than", 0, False, False),
    ("{{ trigger.empty }}", "at_most", 0, False, False),
    ("{{ trigger.total }}", "at_least", 1200, True, True),
    ("{{ trigger.total }}", "less_than", 1200, False, False),
    ("{{ trigger.total }}", "at_most", "1200", True, True),
    ("b", "greater_than", "A", True, True),
    ("b", "greater_than", "C", False, True),
    ("{{ trigger.date }}", "less_than", "2026-11-22T08:30:00+00:00", True, True),
    ("{{ trigger.date }}", "before", "2026-11-22T09:30", True, True),
    ("{{ trigger.date }}", "after", "2026-11-22", True, True),
    ("{{ trigger.date }}", "after", "2026-11-23", False, False),
    ("{{ trigger.empty }}", "before", "2026-11-22", False, False),
    ("{{ trigger.blank }}", "is_empty", None, True, True),
    ("{{ trigger.flag }}", "is_empty", None, False, False),
    ("{{ trigger.tags }}", "is_not_empty", None, True, True),
    ("{{ trigger.name }}", "is_in", "grace hopper, ada lovelace", True, False),
    ("{{ trigger.total }}", "is_in", [1, 1200], True, True),
    ("{{ trigger.total }}", "is_in", "1, 1200", True, True),
    ("vip", "is_in", "{{ trigger.tags }}", True, False),
    ("vip", "is_in", "{{ trigger.empty }}", False, False),
    ("vip", "is_not_in", "{{ trigger.tags }}", False, True),
    ("{{ trigger.name }}", "matches", "^ada", True, False),
    ("{{ trigger.empty }}", "matches", "^$", False, False),
]


@pytest.mark.parametrize(("left", "word", "right", "ignoring", "regarding"), ROWS)
def test_a_row_compares(left, word, right, ignoring, regarding):
    row = {"left": left, "is": word, "right": right}

    assert holds({"all": [row]}, SCOPE) is ignoring
    assert holds({"any": [{**row, "ignore_case": False}]}, SCOPE) is regarding


def test_every_comparison_is_tested_and_has_words():
    assert {row[1] for row in ROWS} == set(COMPARISONS)
    assert all(comparison.label and comparison.kinds for comparison in COMPARISONS.values())
    without_right = {word for word in COMPARISONS if not COMPARISONS[word].needs_right}
    assert without_right == {"is_empty", "is_not_empty"}


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"left": 5, "is": "greater_than", "right": "many"}, "“is more than”: cannot compare"),
        ({"left": "soon", "is": "before", "right": "2026-11-22"}, "“is before”: “soon” is not a"),
        ({"left": "a", "is": "matches", "right": "("}, "“matches the pattern”: “(” is not a"),
        ({"left": "a", "is": "is_in", "right": 5}, "a list is expected on the right"),
        ({"left": "a", "is": "resembles", "right": "b"}, "no comparison called “resembles”"),
        ({"left": "{{ nobody }}", "is": "is_empty"}, "there is no value called “nobody”"),
    ],
)
def test_a_row_that_cannot_be_compared_is_refused(row, words):
    with pytest.raises(ExpressionError) as refusal:
        holds({"all": [row]}, SCOPE)

    assert words in refusal.value.message


YES = {"left": "{{ trigger.total }}", "is": "greater_than", "right": 1}
NO = {"left": "{{ trigger.total }}", "is": "less_than", "right": 1}
BROKEN = {"left": "{{ nobody.x }}", "is": "equals", "right": 1}


@pytest.mark.parametrize(
    ("condition", "met"),
    [
        ({"all": [YES, YES]}, True),
        ({"all": [YES, NO]}, False),
        ({"any": [NO, YES]}, True),
        ({"any": [NO, NO]}, False),
        ({"all": [YES, {"any": [NO, YES]}]}, True),
        ({"any": [NO, {"all": [YES, NO]}]}, False),
        ({"all": [NO, BROKEN]}, False),
        ({"any": [YES, BROKEN]}, True),
    ],
)
def test_rows_are_joined_by_all_or_any_and_read_no_further_than_needed(condition, met):
    assert holds(condition, SCOPE) is met


def test_all_problems_of_rows_are_listed_with_their_places():
    condition = {
        "all": [
            {"left": "{{ 1 + }}", "is": "equals", "right": "{{ foo() }}"},
            {"is": "resembles", "right": 1, "weight": 2},
            {"left": 1, "is": "equals", "ignore_case": "yes"},
            "x",
            {"any": [{"all": [YES]}]},
        ],
        "none": [],
    }

    found = [(problem.path, problem.column) for problem in problems(condition)]

    assert found == [
        (("none",), None),
        (("all", 0, "left"), 8),
        (("all", 0, "right"), 4),
        (("all", 1, "weight"), None),
        (("all", 1, "left"), None),
        (("all", 1, "is"), None),
        (("all", 2, "right"), None),
        (("all", 2, "ignore_case"), None),
        (("all", 3), None),
        (("all", 4, "any", 0), None),
    ]


@pytest.mark.parametrize("condition", [None, "", True, "{{ trigger.total > 0 }}", {"all": [YES]}])
def test_a_good_condition_has_no_problems(condition):
    assert problems(condition) == ()


def test_an_expression_problem_has_its_column():
    assert problems("{{ triger.total }}") == (
        ConditionProblem((), "there is no value called “triger”; did you mean “trigger”?", 4),
    )
    assert problems({"rows": []})[0].message == "rows of a condition stand under “all” or “any”"


def test_references_of_all_rows_are_found():
    condition = {"any": [YES, {"all": [{"left": 1, "is": "equals", "right": "{{ steps.a.b }}"}]}]}

    assert [reference.path for reference in references(condition)] == [
        ("trigger", "total"),
        ("steps", "a", "b"),
    ]


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        (True, "always"),
        (False, "never"),
        ("{{ trigger.total > 0 }}", "trigger.total > 0"),
        ({"all": [YES]}, "trigger › total is more than 1"),
        (
            {"all": [YES, {"left": "{{ steps.clean.email }}", "is": "is_not_empty"}]},
            "trigger › total is more than 1 and clean › email is not empty",
        ),
        (
            {"any": [{"all": [YES, NO]}, {"left": "", "is": "equals", "right": "x"}]},
            "(trigger › total is more than 1 and trigger › total is less than 1) or nothing is “x”",
        ),
        (
            {"all": [{"left": "{{ item }}", "is": "is_in", "right": ["a", 1, None, 2]}]},
            "item is one of “a”, 1, nothing…",
        ),
    ],
)
def test_a_condition_is_read_back_in_words(condition, text):
    assert sentence(condition) == text
