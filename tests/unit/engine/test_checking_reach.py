import pytest

from core.engine.definition import Definition
from tests.drafts import (
    WAITING,
    answer,
    block,
    codes_of,
    compose,
    log,
    path,
    problems_of,
    stop,
    the_only,
    where,
)

BIG = "{{ trigger.body.total > 3 }}"
NEVER = "{{ 1 > 2 }}"


def test_steps_behind_a_stop_are_never_reached_and_named_once():
    problem = the_only(problems_of([stop("end"), log("a", "x"), log("b", "y")]))

    assert where(problem) == ("a", "", "unreachable", "warning")
    assert "no run comes to this step: “end” before it always ends" in problem.message


@pytest.mark.parametrize(
    "before",
    [
        stop("end", only_when=BIG),
        stop("end", "fail", on_error="continue"),
        stop("end") | {"disabled": True},
        block("if", "branch", yes=path("yes", BIG, stop("end"))),
        block("each", "for_each", {"list": "{{ trigger.body }}"}, body=[stop("end")]),
        block("safe", "try", **{"try": [stop("end", "fail")]}, catch=[log("c", "x")]),
    ],
)
def test_steps_behind_what_may_go_on_are_reached(before):
    assert "unreachable" not in codes_of([before, log("a", "x")])


@pytest.mark.parametrize(
    "before",
    [
        block("if", "branch", yes=path("yes", BIG, stop("one")), otherwise=[stop("two", "fail")]),
        block("both", "parallel", first=[stop("one")], second=[log("x", "y")]),
        block("safe", "try", **{"try": [stop("one")]}),
        block("safe", "try", **{"try": [log("x", "y")]}, **{"finally": [stop("one")]}),
        block("each", "for_each", {"list": [1]}, body=[stop("one")]),
        block("again", "repeat", {"until": BIG}, body=[stop("one")]),
        stop("end", only_when="{{ true }}"),
        stop("end", "{{ trigger.body.how }}"),
    ],
)
def test_steps_behind_what_always_ends_are_not_reached(before):
    found = [problem for problem in problems_of([before, log("a", "x")]) if problem.step_id == "a"]

    assert the_only(found).code == "unreachable"


def test_steps_inside_a_path_can_be_out_of_reach_as_well():
    step = block("if", "branch", yes=path("yes", BIG, stop("end"), log("a", "x")))

    assert where(the_only(problems_of([step]))) == ("a", "", "unreachable", "warning")


def test_a_condition_that_never_holds_is_named():
    rows = {"all": [{"left": 1, "is": "equals", "right": 2}]}

    by_text = the_only(problems_of([log("a", "x", only_when=NEVER)]))
    by_rows = the_only(problems_of([log("a", "x", only_when=rows)]))

    assert where(by_text) == where(by_rows) == ("a", "only_when", "never_runs", "warning")


def test_a_condition_that_asks_for_the_time_may_hold():
    assert problems_of([log("a", "x", only_when="{{ now() > '2030-01-01' }}")]) == ()


@pytest.mark.parametrize(
    ("paths", "key", "message"),
    [
        (
            {"yes": path("yes", NEVER, log("a", "x")), "otherwise": []},
            "yes",
            "its condition never holds",
        ),
        (
            {"yes": path("yes", "{{ true }}", log("a", "x")), "otherwise": [log("b", "y")]},
            "otherwise",
            "one before it always is",
        ),
        ({"one": [log("a", "x")], "two": [log("b", "y")]}, "two", "without a condition"),
    ],
)
def test_paths_that_are_never_taken_are_named(paths, key, message):
    problem = the_only(problems_of([block("if", "branch", **paths)]))

    assert where(problem) == ("if", f"branches.{key}", "never_taken", "warning")
    assert message in problem.message


ANSWERED = block("if", "branch", yes=path("yes", BIG, answer("a")), otherwise=[log("b", "x")])


@pytest.mark.parametrize(
    ("steps", "step_id", "field"),
    [
        ([ANSWERED], "if", "branches.otherwise"),
        ([block("if", "branch", yes=path("yes", BIG, answer("a")))], "if", "branches"),
        ([answer("a", only_when=BIG)], "a", "only_when"),
        (
            [block("each", "for_each", {"list": "{{ trigger.body }}"}, body=[answer("a")])],
            "each",
            "inputs.list",
        ),
        (
            [block("safe", "try", **{"try": [answer("a")]}, catch=[log("c", "x")])],
            "safe",
            "branches.catch",
        ),
        (
            [block("if", "branch", yes=path("yes", BIG, stop("s")), otherwise=[]), answer("a")],
            "s",
            "",
        ),
        (
            [
                ANSWERED,
                block("more", "branch", yes=path("yes", BIG, log("m", "x")), otherwise=[]),
            ],
            "if",
            "branches.otherwise",
        ),
    ],
)
def test_a_way_on_which_the_caller_gets_no_answer_is_named(steps, step_id, field):
    problem = the_only(problems_of(steps, {"endpoint": WAITING}))

    assert where(problem) == (step_id, field, "no_answer", "warning")
    assert "gets an empty answer" in problem.message


@pytest.mark.parametrize(
    "steps",
    [
        [log("a", "x")],
        [answer("a")],
        [ANSWERED, answer("last")],
        [block("if", "branch", yes=path("yes", BIG, stop("s", "fail"))), answer("a")],
        [block("both", "parallel", first=[answer("a")], second=[log("x", "y")])],
        [block("safe", "try", **{"try": [log("x", "y")]}, **{"finally": [answer("a")]})],
        [block("each", "for_each", {"list": [1]}, body=[answer("a")])],
        [answer("a"), ANSWERED | {"id": "later"}, stop("end")],
    ],
)
def test_ways_that_all_answer_or_none_are_no_problem(steps):
    assert "no_answer" not in codes_of(steps, {"endpoint": WAITING})


CALL = {"id": "call", "type": "call_api", "inputs": {"url": "https://x.example"}}


@pytest.mark.parametrize(
    ("step", "field"),
    [
        (
            block("b", "parallel", {"on_branch_error": "continue"}, one=[CALL, answer("a")]),
            "inputs.on_branch_error",
        ),
        (
            block("b", "for_each", {"list": [1], "on_item_error": "continue"})
            | {"branches": [{"key": "body", "steps": [CALL, answer("a")]}]},
            "inputs.on_item_error",
        ),
        (
            block("b", "try", **{"try": [CALL, answer("a")]}) | {"on_error": "continue"},
            "on_error",
        ),
        (
            block("b", "branch", one=path("one", BIG, CALL, answer("a")), two=[answer("c")])
            | {"on_error": "continue"},
            "on_error",
        ),
    ],
)
def test_a_failure_that_is_passed_over_can_leave_the_caller_without_an_answer(step, field):
    problem = the_only(problems_of([step], {"endpoint": WAITING}))

    assert where(problem) == ("b", field, "no_answer", "warning")
    assert "when something in it fails and the run goes on" in problem.message


@pytest.mark.parametrize(
    "steps",
    [
        [block("b", "try", **{"try": [answer("a"), CALL]}) | {"on_error": "continue"}],
        [block("b", "try", **{"try": [CALL]}) | {"on_error": "continue"}, answer("a")],
        [block("b", "try", **{"try": [log("x", "y"), answer("a")]}) | {"on_error": "continue"}],
        [CALL | {"on_error": "continue"}, answer("a")],
        [block("b", "try", **{"try": [CALL, answer("a")]})],
        [block("b", "try", **{"try": [CALL, answer("a")]}, catch=[stop("s", "fail")])],
    ],
)
def test_a_failure_that_ends_the_run_or_comes_after_the_answer_leaves_nobody_waiting(steps):
    assert "no_answer" not in codes_of(steps, {"endpoint": WAITING})


EACH = {"mode": "all"}
OTHER = "{{ trigger.body.paid }}"


@pytest.mark.parametrize(
    ("paths", "field"),
    [
        ({"one": path("one", BIG, answer("a")), "otherwise": [answer("b")]}, None),
        ({"one": path("one", "{{ true }}", answer("a")), "otherwise": [log("b", "x")]}, None),
        (
            {"one": path("one", BIG, log("a", "x")), "two": path("two", "{{ true }}", answer("b"))},
            None,
        ),
        ({"one": path("one", BIG, answer("a"))}, "branches"),
        (
            {"one": path("one", BIG, answer("a")), "otherwise": [log("b", "x")]},
            "branches.otherwise",
        ),
        (
            {
                "one": path("one", BIG, answer("a")),
                "two": path("two", OTHER, log("b", "x")),
                "otherwise": [answer("c")],
            },
            "branches.two",
        ),
    ],
)
def test_a_way_without_an_answer_where_every_path_that_fits_is_taken(paths, field):
    found = problems_of([block("if", "branch", EACH, **paths)], {"endpoint": WAITING})

    named = [problem.field for problem in found if problem.code == "no_answer"]
    assert named == ([field] if field else [])


@pytest.mark.parametrize(
    ("paths", "is_reached"),
    [
        ({"one": path("one", BIG, stop("s")), "otherwise": [stop("t")]}, False),
        ({"one": path("one", BIG, stop("s")), "two": path("two", "{{ true }}", stop("t"))}, False),
        ({"one": path("one", BIG, stop("s")), "two": path("two", OTHER, stop("t"))}, True),
        ({"one": path("one", BIG, log("b", "x")), "otherwise": [stop("t")]}, True),
    ],
)
def test_steps_behind_paths_that_are_all_taken(paths, is_reached):
    found = codes_of([block("if", "branch", EACH, **paths), log("a", "x")])

    assert ("unreachable" not in found) == is_reached


@pytest.mark.parametrize("endpoint", [{"exposed": False}, WAITING | {"reply": "immediate"}, None])
def test_nobody_waits_for_an_answer_where_none_is_promised(endpoint):
    assert problems_of([ANSWERED], {"endpoint": endpoint} if endpoint else {}) == ()


def test_an_unfinished_path_is_walked_in_a_definition_of_any_size():
    steps = [block(f"if_{n}", "branch", yes=path("yes", BIG, answer(f"a_{n}"))) for n in range(300)]
    definition = Definition.from_json({"steps": steps})

    found = problems_of(definition.to_json()["steps"], {"endpoint": WAITING})

    assert [where(problem)[:3] for problem in found] == [("if_299", "branches", "no_answer")]


def test_what_is_answered_before_it_stops_is_answered():
    steps = [compose("a", 1), answer("b"), stop("end")]

    assert problems_of(steps, {"endpoint": WAITING}) == ()
