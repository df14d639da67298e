"""What a function takes for each kind of argument: null stays null, near kinds are read."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from core.engine import calendar
from core.engine.expressions.errors import ExpressionError
from core.engine.expressions.evaluation import Evaluation
from core.engine.expressions.values import (
    is_list,
    is_number,
    is_object,
    name,
    number_text,
    read_number,
    shown,
)

Cast = Callable[[Evaluation, Any], Any]
Number = int | float
Items = Sequence[Any]
Object = Mapping[str, Any]


def cast_any(evaluation: Evaluation, value: Any) -> Any:
    """Any value."""
    return value


def cast_text(evaluation: Evaluation, value: Any) -> str | None:
    """Text; numbers and yes/no are written out."""
    if type(value) is str:
        if len(value) > 127:
            evaluation.meter.spend_text(len(value))
        return value
    if value is None:
        return None
    if value is True or value is False:
        return "true" if value else "false"
    if is_number(value):
        return number_text(value)
    raise ExpressionError(f"text is expected, not {name(value)}")


def cast_number(evaluation: Evaluation, value: Any) -> Number | None:
    """A number, also from a text that spells one."""
    if value is None or is_number(value):
        return value  # type: ignore[no-any-return]
    number = read_number(value) if isinstance(value, str) else None
    if number is None:
        raise ExpressionError(f"a number is expected, not {shown(value)}")
    return number


def cast_whole(evaluation: Evaluation, value: Any) -> int | None:
    """A whole number."""
    number = cast_number(evaluation, value)
    if number is None or number == int(number):
        return None if number is None else int(number)
    raise ExpressionError(f"a whole number is expected, not {number_text(number)}")


def cast_items(evaluation: Evaluation, value: Any) -> Items:
    """A list; null is an empty one. Each item costs a unit."""
    if value is None:
        return []
    if not is_list(value):
        raise ExpressionError(f"a list is expected, not {name(value)}")
    evaluation.meter.spend(len(value))
    return value  # type: ignore[no-any-return]


def cast_object(evaluation: Evaluation, value: Any) -> Object:
    """An object; null is an empty one."""
    if value is None:
        return {}
    if not is_object(value):
        raise ExpressionError(f"an object is expected, not {name(value)}")
    evaluation.meter.spend(len(value))
    return value  # type: ignore[no-any-return]


def cast_moment(evaluation: Evaluation, value: Any) -> datetime | None:
    """A moment, from ISO text or from milliseconds since 1970."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return calendar.read(value, evaluation.zone)
    if is_number(value):
        return calendar.from_milliseconds(value)
    raise ExpressionError(f"a date is expected, not {name(value)}")


CASTS: dict[Any, Cast] = {
    Any: cast_any,
    str: cast_text,
    Number: cast_number,
    int: cast_whole,
    str | None: cast_text,
    int | None: cast_whole,
    Items: cast_items,
    Object: cast_object,
    datetime: cast_moment,
}
NEVER_NULL = (str, Number, int, datetime)
