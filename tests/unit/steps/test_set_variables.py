import pytest

from core.engine.definition import Step
from core.engine.errors import StepFailed
from core.engine.outcomes import Done
from core.steps.set_variables import SetVariables
from tests.unit.steps.worlds import a_context


def test_the_values_are_remembered_and_given_on():
    values = {"count": 1, "names": []}

    assert SetVariables().run({"values": values}, a_context()) == Done(values, variables=values)


@pytest.mark.parametrize("values", [None, "count", [1]])
def test_what_has_no_names_cannot_be_remembered(values):
    with pytest.raises(StepFailed, match="names and values"):
        SetVariables().run({"values": values}, a_context())


def test_the_card_names_the_values():
    assert SetVariables().summary(Step("keep", "set_variables", {"values": {"a": 1}})) == "a"
