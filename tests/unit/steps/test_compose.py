import pytest

from core.engine.definition import Step
from core.engine.outcomes import Done
from core.steps.compose import Compose
from tests.unit.steps.worlds import a_context


@pytest.mark.parametrize("value", [{"email": "a@b.test", "lines": [1]}, "text", 0, None, []])
def test_the_value_is_given_on_as_it_is(value):
    assert Compose().run({"value": value}, a_context()) == Done(value)


def test_the_card_names_the_fields():
    step = Step("clean", "compose", {"value": {"email": "{{ trigger.email }}", "total": 1}})

    assert Compose().summary(step) == "email, total"


def test_the_card_names_where_a_single_value_comes_from():
    step = Step("clean", "compose", {"value": "{{ steps.order.lines }}"})

    assert Compose().summary(step) == "order › lines"
