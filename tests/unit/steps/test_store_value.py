from datetime import timedelta

import pytest

from core.engine.errors import StepFailed
from core.engine.outcomes import Done
from core.steps.store_value import StoreValue
from tests.unit.steps.worlds import NOW, MemoryValues, a_context


def test_a_value_is_kept_for_ever():
    values = MemoryValues()

    outcome = StoreValue().run({"key": " last ", "value": [1]}, a_context(values=values))

    assert outcome == Done({"key": "last", "value": [1]})
    assert (values.values, values.expiries) == ({"last": [1]}, {"last": None})


def test_a_value_is_kept_for_a_while():
    values = MemoryValues()

    StoreValue().run({"key": "last", "value": 1, "expires": "7d"}, a_context(values=values))

    assert values.expiries == {"last": NOW + timedelta(days=7)}


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ({"key": ""}, "“Key” is empty"),
        ({"key": None}, "“Key” is empty"),
        ({"key": {"a": 1}}, "“Key” is empty"),
        ({"key": "k" * 201}, "201 characters"),
        ({"key": "k", "expires": "soon"}, "“Forget it after”"),
    ],
)
def test_a_bad_key_or_length_fails_in_words(inputs, reason):
    with pytest.raises(StepFailed, match=reason):
        StoreValue().run(inputs, a_context())
