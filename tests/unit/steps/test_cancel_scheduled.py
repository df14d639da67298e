import pytest

from core.engine.definition import Step
from core.engine.errors import StepFailed
from core.engine.outcomes import CancelPlanned
from core.steps.cancel_scheduled import CancelScheduled
from tests.unit.steps.worlds import a_context


@pytest.mark.parametrize(
    ("inputs", "outcome"),
    [
        ({"run_ids": ["a", "b"]}, CancelPlanned(run_ids=["a", "b"])),
        ({"run_ids": "a"}, CancelPlanned(run_ids=["a"])),
        ({"run_ids": ["a", None]}, CancelPlanned(run_ids=["a"])),
        ({"run_ids": None}, CancelPlanned(run_ids=[])),
        ({"batch_id": "b1"}, CancelPlanned(batch_id="b1")),
        ({}, CancelPlanned(run_ids=[])),
    ],
)
def test_it_names_what_is_to_be_taken_back(inputs, outcome):
    assert CancelScheduled().run(inputs, a_context()) == outcome


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ({"run_ids": ["a"], "batch_id": "b1"}, "one of the two"),
        ({"run_ids": {"id": "a"}}, "a run's id or a list"),
        ({"run_ids": [5]}, "must be an id, not 5"),
        ({"batch_id": ["b"]}, "must be an id"),
        ({"run_ids": ["a"] * 1001}, "at most 1,000"),
    ],
)
def test_what_can_be_no_id_fails_in_words(inputs, reason):
    with pytest.raises(StepFailed, match=reason):
        CancelScheduled().run(inputs, a_context())


def test_the_card_says_what_is_taken_back():
    step = Step("cancel", "cancel_scheduled", {"run_ids": "{{ steps.plan.run_id }}"})

    assert CancelScheduled().summary(step) == "plan › run_id"
