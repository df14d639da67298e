"""JSON values: their kinds, their text, and what is inside them."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from core.engine.expressions.errors import ExpressionError
from core.engine.expressions.meter import (
    DEEPEST_VALUE,
    LARGEST_INTEGER,
    LONGEST_TEXT,
    SMALLEST_INTEGER,
    Meter,
)

EXACT_FLOATS = 2**53  # whole numbers beyond this are not exact as floating point
NUMERIC = re.compile(r"\s*[+-]?[0-9]{1,400}(\.[0-9]{1,400})?([eE][+-]?[0-9]{1,4})?\s*", re.ASCII)
SCALARS = frozenset({str, int, float, bool, type(None)})
PLAIN = SCALARS | {list, dict}


def is_yes(value: Any) -> bool:
    """Whether a value counts as yes: null, false, 0, "", [] and {} do not."""
    if type(value) in PLAIN:
        return bool(value)
    return len(value) > 0 if isinstance(value, Mapping | Sequence) else bool(value)


def is_empty(value: Any) -> bool:
    """Whether there is nothing in it: null, "", [] and {}."""
    if value is None:
        return True
    return isinstance(value, str | Mapping | Sequence) and len(value) == 0


def is_number(value: Any) -> bool:
    """Whether it is a number; yes and no are not."""
    return type(value) in (int, float)


def is_list(value: Any) -> bool:
    """Whether it is a list."""
    return type(value) is list or (isinstance(value, Sequence) and not isinstance(value, str))


def is_object(value: Any) -> bool:
    """Whether it is an object."""
    return type(value) is dict or isinstance(value, Mapping)


def kind(value: Any) -> str:
    """The kind of a value in one word, as `type` answers."""
    match value:
        case None:
            return "null"
        case bool():
            return "yes_no"
        case str():
            return "text"
        case int() | float():
            return "number"
        case Mapping():
            return "object"
        case Sequence():
            return "list"
    return "unknown"


NAMES = {
    "null": "nothing (null)",
    "yes_no": "a yes/no",
    "text": "text",
    "number": "a number",
    "object": "an object",
    "list": "a list",
    "unknown": "something unknown",
}


def name(value: Any) -> str:
    """The kind of a value as an error names it: “a number”."""
    return NAMES[kind(value)]


def shown(value: Any) -> str:
    """A short text of a value for errors."""
    if not isinstance(value, str):
        return name(value)
    return f"“{value[:40]}…”" if len(value) > 40 else f"“{value}”"


def number_text(number: float) -> str:
    """A number as text: whole floating numbers without a point."""
    if isinstance(number, float) and number.is_integer() and abs(number) < EXACT_FLOATS:
        return str(int(number))
    return str(number)


def to_text(value: Any, meter: Meter) -> str:
    """A value as it stands in a text: null as nothing, lists and objects as JSON."""
    if type(value) is str:
        return value
    if value is None:
        return ""
    if value is True or value is False:
        return "true" if value else "false"
    if type(value) in (int, float):
        return number_text(value)
    return to_json(value, meter)


def to_json(value: Any, meter: Meter, indent: int | None = None) -> str:
    """A value as JSON text."""
    measure(value, meter.spend)
    separators = (",", ":") if indent is None else (",", ": ")
    written = json.dumps(
        value, ensure_ascii=False, separators=separators, indent=indent, default=plain_container
    )
    return check_text(written)


def check_text(text: str) -> str:
    """The text, unless it is too long."""
    if len(text) > LONGEST_TEXT // 4 and len(utf8(text)) > LONGEST_TEXT:
        raise ExpressionError("the text gets longer than 10 MB")
    return text


def check_length(length: int) -> None:
    """Refuse a text before it is made."""
    if length > LONGEST_TEXT:
        raise ExpressionError("the text gets longer than 10 MB")


def utf8(text: str) -> bytes:
    """The bytes of a text; half characters, which JSON can hold, become question marks."""
    return text.encode("utf-8", "replace")


def check_number(number: Any) -> Any:
    """The number, unless it is out of range."""
    if type(number) is int:
        if not SMALLEST_INTEGER <= number <= LARGEST_INTEGER:
            raise ExpressionError("the number gets larger than 64 bits hold")
    elif number - number != 0:  # infinite, or not a number at all
        raise ExpressionError("the number gets too large")
    return number


def read_number(text: str) -> int | float | None:
    """The number that a text spells with a decimal point; None if it does not."""
    if not NUMERIC.fullmatch(text):
        return None
    if text.strip().lstrip("+-").isdigit():
        return _in_range(int(text))
    return _in_range(float(text))


def exact(number: float) -> Decimal:
    """A number as people see it written, for rounding and formatting."""
    return Decimal(repr(number))


def look_up(value: Any, key: Any) -> Any:
    """What stands under a key or position; null if nothing does. Never an attribute."""
    if is_number(key):
        key = int(key) if key == int(key) else number_text(key)
    if is_object(value):
        return _under_key(value, key)
    if is_list(value) and type(key) is int and -len(value) <= key < len(value):
        return value[key]
    return None


def measure(value: Any, count: Callable[[int], None], depth: int = DEEPEST_VALUE) -> bool:
    """Count all inside a value, as if it were written out; tells whether it is plain JSON."""
    kind = type(value)
    if kind in SCALARS:
        if kind is str and len(value) > 127:
            count(len(value) >> 7)
        return True
    if depth == 0:
        raise ExpressionError(f"lists and objects lie more than {DEEPEST_VALUE} levels deep")
    is_plain = kind in PLAIN
    for item in _inside(value, count):
        if type(item) not in SCALARS or type(item) is str:
            is_plain = measure(item, count, depth - 1) and is_plain
    return is_plain


def _inside(value: Any, count: Callable[[int], None]) -> Iterable[Any]:
    if is_list(value):
        count(len(value))
        return value  # type: ignore[no-any-return]
    if is_object(value):
        count(len(value) + (sum(map(len, value)) >> 7))
        return value.values()  # type: ignore[no-any-return]
    raise ExpressionError("this value is not JSON")


def plain(value: Any) -> Any:
    """The value in lists and dictionaries of its own; call `measure` first."""
    if is_object(value):
        return {key: plain(item) for key, item in value.items()}
    if is_list(value):
        return [plain(item) for item in value]
    return value


def plain_container(value: Any) -> Any:
    """A list or dictionary in place of what only behaves like one."""
    return dict(value) if is_object(value) else list(value)


def _under_key(value: Mapping[str, Any], key: Any) -> Any:
    if type(key) is int:
        key = str(key)
    if type(key) is not str:
        return None
    try:
        return value[key]
    except KeyError:
        return None


def _in_range(number: int | float) -> int | float | None:
    try:
        return check_number(number)  # type: ignore[no-any-return]
    except ExpressionError:
        return None
