import pytest

from core.engine.outcomes import Done
from core.steps.read_value import ReadValue
from tests.unit.steps.worlds import MemoryValues, a_context


@pytest.mark.parametrize(
    ("inputs", "value"),
    [
        ({"key": "cursor"}, 7),
        ({"key": "other"}, None),
        ({"key": "other", "default": []}, []),
        ({"key": "cursor", "default": 1}, 7),
    ],
)
def test_a_stored_value_comes_back_or_its_substitute(inputs, value):
    context = a_context(values=MemoryValues(cursor=7))

    assert ReadValue().run(inputs, context) == Done(value)


def test_a_stored_no_is_not_nothing():
    context = a_context(values=MemoryValues(flag=False))

    assert ReadValue().run({"key": "flag", "default": True}, context) == Done(False)
