import pytest

from core.engine.definition import Step
from core.engine.errors import StepFailed
from core.engine.outcomes import StartRun
from core.steps.run_workflow import RunWorkflow
from tests.unit.steps.worlds import a_context


def test_it_starts_a_run_and_waits():
    inputs = {"workflow": "reserve", "parameters": {"sku": "A"}}

    assert RunWorkflow().run(inputs, a_context()) == StartRun("reserve", {"sku": "A"}, wait=True)


def test_it_starts_a_run_and_goes_on():
    outcome = RunWorkflow().run({"workflow": "reserve", "mode": "start"}, a_context())

    assert outcome == StartRun("reserve", {}, wait=False)


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ({}, "choose the workflow"),
        ({"workflow": ""}, "choose the workflow"),
        ({"workflow": "reserve", "parameters": [1]}, "names and values"),
    ],
)
def test_what_cannot_be_started_fails_in_words(inputs, reason):
    with pytest.raises(StepFailed, match=reason):
        RunWorkflow().run(inputs, a_context())


@pytest.mark.parametrize(
    ("mode", "line"), [("wait", "reserve"), ("start", "reserve, without waiting")]
)
def test_the_card_names_the_workflow(mode, line):
    step = Step("child", "run_workflow", {"workflow": "reserve", "mode": mode})

    assert RunWorkflow().summary(step) == line
