from datetime import UTC, datetime

import pytest

from core.engine.definition import Step
from core.engine.errors import StepFailed
from core.engine.outcomes import StartRun
from core.steps.schedule_workflow import ScheduleWorkflow
from tests.unit.steps.worlds import NOW, a_context


def test_it_plans_a_run_for_a_moment_in_the_runs_time_zone():
    inputs = {"workflow": "remind", "at": "2026-12-24T09:00", "parameters": {"to": "Ana"}}

    outcome = ScheduleWorkflow().run(inputs, a_context())

    at = datetime(2026, 12, 24, 9, tzinfo=UTC)
    assert outcome == StartRun("remind", {"to": "Ana"}, wait=False, at=at, is_planned=True)


def test_without_a_time_it_is_at_once():
    assert ScheduleWorkflow().run({"workflow": "remind"}, a_context()).at == NOW


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ({}, "choose the workflow"),
        ({"workflow": "remind", "at": "soon"}, "“soon” is not a date"),
        ({"workflow": "remind", "at": "2126-01-01"}, "more than five years"),
        ({"workflow": "remind", "parameters": [1]}, "names and values"),
    ],
)
def test_what_cannot_be_planned_fails_in_words(inputs, reason):
    with pytest.raises(StepFailed, match=reason):
        ScheduleWorkflow().run(inputs, a_context())


def test_the_card_says_what_and_when():
    step = Step("plan", "schedule_workflow", {"workflow": "remind", "at": "{{ trigger.due }}"})

    assert ScheduleWorkflow().summary(step) == "remind at trigger › due"
