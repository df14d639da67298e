"""What stands beside a step's values, and what is advised when it failed."""

import pytest

from blueprints.runs import step_words
from core.runtime import run_view
from core.runtime.step_view import StepView
from tests.factories import fresh, start_run
from tests.integration.runs.steps import step

CALL = {"path": "a", "step_id": "a", "depth": 0, "type": "call_api", "label": "A", "state": "done"}


@pytest.mark.parametrize("body", [{"status": "shipped"}, {"status": None}, {"status": 7}])
def test_beside_an_answer_stands_the_status_it_went_back_with(app, work, body):
    run = start_run(step("answer", "return_data", body=body, status=201))
    work()

    view = run_view.view(fresh(run))
    assert step_words.target(view.answer, "out") == "201"
    assert step_words.target(view.step("answer"), "out") == ""


@pytest.mark.parametrize(
    ("inputs", "status", "said"),
    [
        ({"url": "https://a.test"}, 404, "404"),
        ({"url": "https://a.test"}, None, ""),
        ({"value": 1}, 404, ""),
        (None, 404, ""),
    ],
)
def test_only_a_request_has_a_status_of_its_own(inputs, status, said):
    made = StepView(**CALL, inputs=inputs, output={"status": status})

    assert step_words.target(made, "out") == said


@pytest.mark.parametrize(
    ("type", "field"),
    [
        ("wait_for_call", "Wait at most"),
        ("ask_approval", "Wait at most"),
        ("call_api", "Give up after"),
        ("gone", "Give up after"),
    ],
)
def test_what_took_too_long_is_given_longer_where_its_time_is_set(app, type, field):
    late = StepView(**{**CALL, "type": type}, error={"kind": "timeout", "message": "too late"})

    advised = f"Give the step longer under “{field}”, or run again later."
    assert step_words.advice(late) == advised
