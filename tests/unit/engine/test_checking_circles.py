import pytest

from core.engine.checking import KnownWorkflow
from core.engine.checking.circles import called_by_url, calls_of
from core.engine.definition import Definition
from core.steps import step_types
from tests.drafts import block, log, path, problems_of, run, stop, the_only, where

HERE = "https://flows.example.com"


def call(step_id, url, **options):
    inputs = {"method": "GET", "url": url}
    return {"id": step_id, "type": "call_api", "inputs": inputs, **options}


def known(**calls):
    return {name: KnownWorkflow(calls=called) for name, called in {"me": {}, **calls}.items()}


def circles_of(steps, workflows):
    return problems_of(steps, workflows=workflows, name="me", base_url=HERE)


def test_a_workflow_whose_every_run_starts_itself_is_not_published():
    problem = the_only(circles_of([run("again", "me")], known()))

    assert where(problem) == ("again", "inputs.workflow", "endless_circle", "error")
    assert "this workflow starts itself, and every run does" in problem.message


def test_a_workflow_that_sometimes_starts_itself_is_a_doubt():
    step = run("again", "me") | {"only_when": "{{ trigger.body.next }}"}

    problem = the_only(circles_of([step], known()))

    assert where(problem) == ("again", "inputs.workflow", "circle", "warning")


GO_ON = "{{ trigger.body.n < 10 }}"
POLL = {"id": "poll", "type": "call_api", "inputs": {"url": "https://x.example/job"}}


@pytest.mark.parametrize(
    "before",
    [
        [stop("end", only_when=GO_ON)],
        [stop("end", "fail", only_when=GO_ON)],
        [block("if", "branch", yes=path("yes", GO_ON, stop("end")))],
        [block("safe", "try", **{"try": [POLL, stop("end", only_when=GO_ON)]})],
        [POLL, stop("end", only_when=GO_ON), {"id": "w", "type": "wait", "inputs": {"for": "1h"}}],
    ],
)
def test_a_stop_before_it_can_end_what_starts_itself(before):
    problem = the_only(circles_of([*before, run("again", "me")], known()))

    assert where(problem) == ("again", "inputs.workflow", "circle", "warning")


@pytest.mark.parametrize(
    "before",
    [
        [stop("end", only_when=GO_ON) | {"disabled": True}],
        [stop("end", "fail", on_error="continue")],
        [block("if", "branch", yes=path("yes", GO_ON, log("a", "x")))],
    ],
)
def test_what_cannot_end_the_run_breaks_no_circle(before):
    problem = the_only(circles_of([*before, run("again", "me")], known()))

    assert problem.code == "endless_circle"


def test_what_no_run_comes_to_is_no_endless_circle():
    found = circles_of([stop("end"), run("again", "me")], known())

    assert not [problem for problem in found if problem.is_error]


def test_a_stop_in_another_workflow_ends_the_circle_as_well():
    steps = [stop("end", only_when=GO_ON), run("back", "me")]
    billing = calls_of(Definition.from_json({"steps": steps}), step_types(), HERE)

    assert the_only(circles_of([run("bill", "billing")], known(billing=billing))).code == "circle"


def test_a_circle_through_other_workflows_is_found_and_shown():
    workflows = known(billing={"mail": True, "log": True}, mail={"me": False}, log={})

    problem = the_only(circles_of([run("bill", "billing")], workflows))

    assert problem.severity == "warning"
    assert "in a circle: me → billing → mail → me" in problem.message


def test_a_circle_that_nothing_breaks_is_not_published():
    workflows = known(billing={"me": True})

    assert the_only(circles_of([run("bill", "billing")], workflows)).code == "endless_circle"


def test_a_long_circle_is_shown_in_short():
    names = [f"w{n}" for n in range(12)]
    lines = dict(zip(names, [*names[1:], "me"], strict=True))
    workflows = known(**{name: {called: False} for name, called in lines.items()})

    problem = the_only(circles_of([run("first", "w0")], workflows))

    assert "me → w0 → w1 → w2 → w3 → … → me" in problem.message


def test_circles_beside_a_workflow_are_not_its_problem():
    assert circles_of([run("a", "one")], known(one={"two": True}, two={"one": True})) == ()


def test_a_switched_off_step_starts_nothing():
    assert circles_of([run("a", "me") | {"disabled": True}, log("b", "x")], known()) == ()


def test_a_call_of_its_own_url_feeds_the_workflow():
    problem = the_only(circles_of([call("a", f"{HERE}/api/1.1/wf/me")], known()))

    assert where(problem) == ("a", "inputs.url", "circle", "warning")
    assert "calls its own URL" in problem.message


@pytest.mark.parametrize(
    ("url", "name"),
    [
        (f"{HERE}/api/1.1/wf/me", "me"),
        (f"{HERE}/shop/api/1.1/wf/me@3", "me"),
        (f"{HERE}/api/1.1/wf/me?x=1", "me"),
        (f"{HERE}/api/1.1/wf/", ""),
        (f"{HERE}/docs/me", ""),
        ("https://other.example.com/api/1.1/wf/me", ""),
        ("https://flows.example.com:8443/api/1.1/wf/me", ""),
        ("https://flows.example.com:443/api/1.1/wf/me", "me"),
        ("http://flows.example.com/api/1.1/wf/me", "me"),
        ("https://[bad/api/1.1/wf/me", ""),
        ("/api/1.1/wf/me", ""),
    ],
)
def test_which_workflow_an_address_calls(url, name):
    assert called_by_url(url, HERE) == name


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_at_home_an_installation_goes_by_several_names(host):
    assert called_by_url(f"http://{host}:8000/api/1.1/wf/me", "http://127.0.0.1:8000") == "me"
    assert called_by_url(f"http://{host}:8000/api/1.1/wf/me", HERE) == ""


def test_what_a_definition_starts_in_every_run_and_what_only_in_some():
    choice = block("if", "branch", yes=path("yes", "{{ trigger.body }}", run("b", "two")))
    steps = [run("a", "one"), choice, call("c", f"{HERE}/api/1.1/wf/three"), run("d", "one")]

    found = calls_of(Definition.from_json({"steps": steps}), step_types(), HERE)

    assert found == {"one": True, "two": False, "three": False}


def test_a_workflow_that_plans_itself_for_later_is_a_doubt():
    plan = {"id": "plan", "type": "schedule_workflow", "inputs": {"workflow": "me"}}
    step = plan | {"only_when": "{{ trigger.body.next }}"}

    assert the_only(circles_of([step], known())).code == "circle"
