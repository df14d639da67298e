import pytest

from core.engine.definition import Step
from core.engine.errors import StepFailed
from core.engine.outcomes import Done
from core.steps.increment_value import IncrementValue
from tests.unit.steps.worlds import MemoryValues, a_context


@pytest.mark.parametrize(
    ("by", "result"), [({}, 6), ({"by": 2}, 7), ({"by": "-1"}, 4), ({"by": 0.5}, 5.5)]
)
def test_a_counter_goes_on(by, result):
    context = a_context(values=MemoryValues(orders=5))

    assert IncrementValue().run({"key": "orders", **by}, context) == Done(result)


def test_a_counter_starts_from_nothing():
    assert IncrementValue().run({"key": "orders"}, a_context()) == Done(1)


@pytest.mark.parametrize("by", ["many", [], True, "nan", "inf"])
def test_only_numbers_can_be_added(by):
    with pytest.raises(StepFailed, match="“By” must be a number"):
        IncrementValue().run({"key": "orders", "by": by}, a_context())


@pytest.mark.parametrize(
    ("inputs", "line"), [({"key": "orders"}, "orders"), ({"key": "a", "by": 5}, "a by 5")]
)
def test_the_card_shows_key_and_step(inputs, line):
    assert IncrementValue().summary(Step("next", "increment_value", inputs)) == line
