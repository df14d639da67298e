import pytest

from core.engine.checking import KnownWorkflow
from core.engine.parameters import Parameter
from tests.drafts import log, problems_of, run, the_only, where

ASKING = KnownWorkflow(parameters=(Parameter("email"), Parameter("note", optional=True)))


def test_a_started_workflow_must_get_what_it_asks_for():
    steps = [run("a", "mail", parameters={"emial": "x"})]

    missing, unknown = problems_of(steps, workflows={"mail": ASKING}, name="me")

    assert where(missing) == ("a", "inputs.parameters", "missing_parameter", "warning")
    assert missing.message == "“mail” asks for “email”, which it doesn't get here"
    assert unknown.message == "“mail” has no parameter “emial”; did you mean “email”?"


def test_parameters_that_are_computed_are_not_guessed():
    steps = [run("a", "mail", parameters="{{ trigger.body }}")]

    assert problems_of(steps, workflows={"mail": ASKING}, name="me") == ()


def test_a_workflow_that_is_not_live_cannot_be_started_yet():
    workflows = {"mail": KnownWorkflow(is_live=False)}

    problem = the_only(problems_of([run("a", "mail")], workflows=workflows, name="me"))

    assert where(problem) == ("a", "inputs.workflow", "not_live", "warning")


@pytest.mark.parametrize(
    ("workflows", "code", "severity"),
    [
        ({}, "unknown_workflow", "error"),
        ({"alert": KnownWorkflow(is_live=False)}, "not_live", "warning"),
        ({"alert": ASKING}, "missing_parameter", "warning"),
    ],
)
def test_the_workflow_for_failures_must_be_there_and_startable(workflows, code, severity):
    settings = {"on_failure": {"workflow": "alert"}}

    problem = the_only(
        problems_of([log("a", "x")], settings=settings, workflows=workflows, name="me")
    )

    assert where(problem) == (None, "settings.on_failure.workflow", code, severity)


def test_the_workflow_for_failures_gets_the_error_without_being_asked():
    alert = KnownWorkflow(parameters=(Parameter("error", "object"), Parameter("run_id")))
    settings = {"on_failure": {"workflow": "alert"}}

    assert problems_of([log("a", "x")], settings=settings, workflows={"alert": alert}) == ()


def test_items_of_a_list_may_bring_what_the_workflow_asks_for():
    inputs = {"workflow": "mail", "list": "{{ trigger.body }}"}
    plan = {"id": "plan", "type": "schedule_on_list", "inputs": inputs}

    assert problems_of([plan], workflows={"mail": ASKING}, name="me") == ()


CHILD = KnownWorkflow(
    parameters=(
        Parameter("n", "number", optional=True),
        Parameter("when", "date", optional=True),
        Parameter("sizes", "number", is_list=True, optional=True),
        Parameter("kind", optional=True, choices=("new", "old")),
        Parameter("who", "object", optional=True),
        Parameter("paid", "yes_no", optional=True),
    )
)
STARTS = {
    "endpoint": {
        "parameters": [
            {"key": "email"},
            {"key": "total", "type": "number"},
            {"key": "lines", "type": "object", "list": True},
            {"key": "customer", "type": "object"},
            {"key": "sums", "type": "yes_no", "list": True},
        ]
    }
}


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("n", "abc", "“n” must be a number, not the text “abc”"),
        ("n", "{{ trigger.lines }}", "“n” must be a number, but this is a list"),
        ("sizes", "x", "“sizes” must be a list, not the text “x”"),
        ("sizes", [1, "x"], "“sizes” item 2 must be a number"),
        ("sizes", "{{ trigger.email }}", "“sizes” must be a list, but this is text"),
        ("sizes", "{{ trigger.sums }}", "where each item is a number, but here each is yes or no"),
        ("kind", "odd", "“kind” must be one of new, old"),
        ("kind", "{{ trigger.customer }}", "“kind” must be text, but this is a group"),
        ("who", "{{ trigger.email }}", "“who” must be a group, but this is text"),
        ("when", "tomorrow", "“when” must be a date"),
        ("paid", "{{ trigger.total }}", "“paid” must be yes or no, but this is a number"),
    ],
)
@pytest.mark.parametrize("kind", ["run_workflow", "schedule_workflow"])
def test_what_another_workflow_gets_must_be_of_the_kinds_that_it_asks_for(kind, key, value, why):
    step = {**run("a", "child", parameters={key: value}), "type": kind}

    problem = the_only(problems_of([step], STARTS, workflows={"child": CHILD}))

    assert where(problem) == ("a", f"inputs.parameters.{key}", "unfit_parameter", "warning")
    assert f"“child” can't be started with this: “{key}” " in problem.message
    assert why in problem.message


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("n", 4),
        ("n", "4"),
        ("n", "{{ trigger.email }}"),
        ("n", None),
        ("n", "{{ trigger.body.n }}"),
        ("sizes", []),
        ("sizes", [1, "{{ trigger.email }}"]),
        ("sizes", "{{ trigger.body.sizes }}"),
        ("kind", "{{ trigger.email }}"),
        ("who", {"name": "{{ trigger.email }}"}),
        ("when", "2026-12-24"),
        ("paid", "yes"),
    ],
)
def test_what_another_workflow_may_take_is_no_problem(key, value):
    step = run("a", "child", parameters={key: value})

    assert problems_of([step], STARTS, workflows={"child": CHILD}) == ()


def test_items_of_a_list_are_of_known_kinds_for_the_workflow_that_gets_them():
    inputs = {"workflow": "child", "list": [{"n": "x"}], "parameters": {"who": "{{ item.n }}"}}
    plan = {"id": "plan", "type": "schedule_on_list", "inputs": inputs}

    assert the_only(problems_of([plan], workflows={"child": CHILD})).code == "unfit_parameter"
