"""What makes values of one list comparable with each other."""

from collections.abc import Sequence
from typing import Any

from core.engine import calendar
from core.engine.expressions.errors import ExpressionError
from core.engine.expressions.evaluation import Evaluation
from core.engine.expressions.values import is_number, name


def sort_keys(evaluation: Evaluation, values: Sequence[Any]) -> list[Any]:
    """A key for each value: numbers by size, dates by time, texts without regard to capitals.

    Null comes last; a mix of kinds raises ExpressionError.
    """
    present = [value for value in values if value is not None]
    kinds = {_kind(value) for value in present}
    if len(kinds) > 1:
        raise ExpressionError(f"{' and '.join(sorted(kinds))} cannot be put in one order")
    if kinds == {"text"} and all(calendar.looks_like_moment(text) for text in present):
        zone = evaluation.zone
        return [
            (value is None, calendar.read(value, zone) if value is not None else 0)
            for value in values
        ]
    evaluation.meter.spend(sum(len(text) >> 7 for text in present) if kinds == {"text"} else 0)
    return [(value is None, _key(value)) for value in values]


def _kind(value: Any) -> str:
    if isinstance(value, str):
        return "text"
    if isinstance(value, bool):
        return "yes/no"
    if is_number(value):
        return "numbers"
    raise ExpressionError(f"{name(value)} has no place in an order")


def _key(value: Any) -> Any:
    if isinstance(value, str):
        return value.casefold(), value
    return 0 if value is None else value
