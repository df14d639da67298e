"""What code returns becomes JSON, or is refused with its place and what to do instead."""

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from core.engine.code import as_json
from core.engine.errors import StepFailed


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (None, None),
        ({"a": (1, 2.5, True)}, {"a": [1, 2.5, True]}),
        (date(2026, 11, 22), "2026-11-22"),
        ([datetime(2026, 11, 22, 8)], ["2026-11-22T08:00:00"]),
        (
            datetime(2026, 11, 22, 8, tzinfo=timezone(timedelta(hours=1))),
            "2026-11-22T08:00:00+01:00",
        ),
    ],
)
def test_plain_values_pass(value, plain):
    assert as_json(value) == plain


def shared(levels):
    value = [0]
    for _ in range(levels):
        value = [value, value]
    return value


def nested(levels):
    value = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({1, 2}, "it is a set; return list"),
        ({"a": [b"x"]}, r"a\[0\] is a bytes"),
        ({"sum": Decimal("1.5")}, "sum is a Decimal; return float"),
        ({"a": {3: 1}}, "the key 3 of a is not text"),
        (float("nan"), "nan is not a JSON number"),
        (2**64, "more than 64 bits"),
        ("a\0b", "u0000"),
        ("\ud800", "surrogate"),
        (object(), "it is a object"),
        (shared(40), "more than 100,000 values"),
        (nested(3000), "deeper than 64"),
        (["x" * 1_000_000] * 11, "larger than 10 MB"),
        ({"k" * 6_000_000: 1, "l" * 6_000_000: 1}, "larger than 10 MB"),
    ],
)
def test_other_values_are_refused_with_their_place(value, said):
    with pytest.raises(StepFailed, match=said):
        as_json(value)
