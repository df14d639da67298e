"""Numbers: read, round, add up."""

import math
from decimal import ROUND_HALF_UP, Context
from typing import Any

from core.engine.expressions.casts import Items, Number
from core.engine.expressions.errors import ExpressionError
from core.engine.expressions.evaluation import Evaluation
from core.engine.expressions.function import function
from core.engine.expressions.operators import divide
from core.engine.expressions.sorting import sort_keys
from core.engine.expressions.values import (
    check_number,
    exact,
    is_list,
    is_number,
    name,
    read_number,
    shown,
)

MOST_DIGITS = 15
ENOUGH = Context(prec=700)  # digits of the widest floating number, with room


@function("as number", "{{ '12.50' | number }}", 12.5, "text")
def number(evaluation: Evaluation, x: Any, decimal: str = ".") -> Any:
    """The number that a text spells; number('1.234,50', ',') reads a comma as decimal mark."""
    if x is None or is_number(x):
        return x
    if not isinstance(x, str):
        raise ExpressionError(f"a number is expected, not {name(x)}")
    text = x
    if decimal == ",":
        text = x.replace(".", "").replace(",", ".")
    elif decimal != ".":
        raise ExpressionError("the decimal mark is '.' or ','")
    found = read_number(text.replace("\u00a0", "").replace(" ", "").replace("'", ""))
    if found is None and decimal == "." and "," in text:
        found = read_number(_without_thousands(text))
    if found is None:
        raise ExpressionError(f"a number is expected, not {shown(x)}")
    return found


@function("round", "{{ 2.345 | round(2) }}", 2.35, "number")
def round(evaluation: Evaluation, x: Number, digits: int = 0) -> Any:
    """Rounded to a count of decimals; halves go away from zero."""
    if abs(digits) > MOST_DIGITS:
        raise ExpressionError(f"digits are between -{MOST_DIGITS} and {MOST_DIGITS}")
    rounded = exact(x).quantize(exact(1).scaleb(-digits), ROUND_HALF_UP, ENOUGH)
    return check_number(float(rounded) if digits > 0 and type(x) is float else int(rounded))


@function("round down", "{{ 2.9 | floor }}", 2, "number")
def floor(evaluation: Evaluation, x: Number) -> Any:
    """The next whole number below."""
    return check_number(math.floor(x))


@function("round up", "{{ 2.1 | ceil }}", 3, "number")
def ceil(evaluation: Evaluation, x: Number) -> Any:
    """The next whole number above."""
    return check_number(math.ceil(x))


@function("without sign", "{{ -7 | abs }}", 7, "number")
def abs_(evaluation: Evaluation, x: Number) -> Any:
    """The number without its sign."""
    return check_number(abs(x))


@function("smallest", "{{ min([3, 1, 2]) }}", 1, "list", "number")
def min_(evaluation: Evaluation, *values: Any) -> Any:
    """The smallest of a list or of several values; null is left out."""
    return _extreme(evaluation, values, is_largest=False)


@function("largest", "{{ max(3, 1, 2) }}", 3, "list", "number")
def max_(evaluation: Evaluation, *values: Any) -> Any:
    """The largest of a list or of several values; null is left out."""
    return _extreme(evaluation, values, is_largest=True)


@function("sum", "{{ sum([10, 20.5]) }}", 30.5, "list")
def sum_(evaluation: Evaluation, list_: Items) -> Any:
    """All numbers of a list added up; null is left out."""
    total: float = 0
    for value in _numbers(list_):
        total += value
    return check_number(total)


@function("average", "{{ average([1, 2, 6]) }}", 3, "list")
def average(evaluation: Evaluation, list_: Items) -> Any:
    """The mean of the numbers of a list; null is left out, and comes of an empty list."""
    values = _numbers(list_)
    return divide(evaluation, check_number(sum(values)), len(values)) if values else None


def _numbers(values: Items) -> list[float]:
    read = [read_number(value) if isinstance(value, str) else value for value in values]
    for value, given in zip(read, values, strict=True):
        if given is not None and not is_number(value):
            raise ExpressionError(f"a list of numbers is expected, but {shown(given)} is in it")
    return [value for value in read if value is not None]


def _extreme(evaluation: Evaluation, values: tuple[Any, ...], *, is_largest: bool) -> Any:
    given = values[0] if len(values) == 1 else values
    if given is not None and not is_list(given):
        given = [given]
    present = [value for value in given or () if value is not None]
    evaluation.meter.spend(len(present))
    if not present:
        return None
    keys = sort_keys(evaluation, present)
    choose = max if is_largest else min
    return present[choose(range(len(present)), key=keys.__getitem__)]


def _without_thousands(text: str) -> str:
    head, _, tail = text.strip().partition(".")
    groups = head.split(",")
    well_formed = all(len(group) == 3 for group in groups[1:]) and len(groups[0].lstrip("+-")) <= 3
    return "".join(groups) + (f".{tail}" if tail else "") if well_formed else text
