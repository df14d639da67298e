from datetime import timedelta

import pytest

from core.engine import inputs as filling
from core.engine.definition import Step
from core.engine.errors import StepFailed
from core.engine.outcomes import StartBatch
from core.steps.schedule_on_list import MOST_ITEMS, ScheduleOnList
from tests.unit.steps.worlds import a_context


def run(**inputs):
    return ScheduleOnList().run({"workflow": "mail", "list": [], **inputs}, a_context())


def filled(inputs, scope):
    return filling.fill_in(Step("plan", "schedule_on_list", inputs), ScheduleOnList(), scope)


def test_parameters_are_computed_for_each_item():
    inputs = {
        "workflow": "mail",
        "list": "{{ trigger.people }}",
        "parameters": {"to": "{{ item.mail }}", "place": "{{ index + 1 }}"},
    }
    people = [{"mail": "a@example.org"}, {"mail": "b@example.org"}]

    given = filled(inputs, {"trigger": {"people": people}, "loops": {}})

    assert given["parameters"] == [
        {"to": "a@example.org", "place": 1},
        {"to": "b@example.org", "place": 2},
    ]
    assert run(**given).items == given["parameters"]


def test_without_parameters_each_item_is_what_its_run_gets():
    assert run(list=[{"n": 1}, {"n": 2}]) == StartBatch("mail", [{"n": 1}, {"n": 2}], 10)


def test_an_empty_value_is_an_empty_list():
    assert run(list=None).items == []


def test_a_pace_and_what_follows_are_handed_over():
    outcome = run(interval="2s", concurrency=1, when_finished="report")

    assert outcome.interval == timedelta(seconds=2)
    assert (outcome.concurrency, outcome.when_finished) == (1, "report")


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ({"workflow": ""}, "choose the workflow"),
        ({"list": "text"}, "must be a list, but it is a single value"),
        ({"list": [1]}, "item 1 is no group"),
        ({"list": [1], "parameters": [5]}, "names and values"),
        ({"concurrency": 0}, "must be 1 to 100"),
        ({"concurrency": True}, "whole number"),
        ({"interval": "40d"}, "more than 30 days"),
        ({"interval": "soon"}, "Time between two items"),
        ({"list": [{}] * (MOST_ITEMS + 1)}, "has 100,001 items; at most 100,000"),
    ],
)
def test_what_cannot_be_planned_fails_in_words(inputs, reason):
    with pytest.raises(StepFailed, match=reason):
        run(**inputs)


def test_long_lists_are_kept_in_short_once_it_has_worked():
    kept = ScheduleOnList().recorded({"workflow": "mail", "list": list(range(5000))})

    assert kept == {"workflow": "mail", "list": list(range(20))}


def test_the_card_names_workflow_and_list():
    step = Step("plan", "schedule_on_list", {"workflow": "mail", "list": "{{ trigger.people }}"})

    assert ScheduleOnList().summary(step) == "mail, for each of trigger › people"
