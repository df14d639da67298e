import pytest

from core.engine import outcomes
from core.engine.definition import Step
from core.engine.errors import StepFailed
from core.steps.stop import DEFAULT_MESSAGE, Stop
from tests.unit.steps.worlds import a_context


@pytest.mark.parametrize("inputs", [{}, {"outcome": "succeed"}])
def test_a_run_stops_as_succeeded(inputs):
    assert Stop().run({**inputs, "message": "no stock"}, a_context()) == outcomes.Stop("no stock")


def test_a_run_stops_as_failed_with_the_authors_words():
    with pytest.raises(StepFailed) as failure:
        Stop().run({"outcome": "fail", "message": "no stock"}, a_context())

    assert (failure.value.message, failure.value.kind) == ("no stock", "failed")
    assert not failure.value.retryable


def test_a_failure_without_words_still_says_something():
    with pytest.raises(StepFailed, match=DEFAULT_MESSAGE):
        Stop().run({"outcome": "fail"}, a_context())


@pytest.mark.parametrize(
    ("inputs", "line"),
    [
        ({"outcome": "fail", "message": "no stock"}, "fails: no stock"),
        ({}, "the run succeeds"),
    ],
)
def test_the_card_says_how_it_ends(inputs, line):
    assert Stop().summary(Step("end", "stop", inputs)) == line
