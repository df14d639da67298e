"""The words of condition rows, and what each of them compares."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import ge, gt, le, lt
from types import MappingProxyType
from typing import Any

from core.engine import calendar
from core.engine.errors import EngineError
from core.engine.expressions import patterns
from core.engine.expressions.casts import cast_moment
from core.engine.expressions.errors import ExpressionError
from core.engine.expressions.evaluation import Evaluation
from core.engine.expressions.operators import Order, contains, equals, ordering
from core.engine.expressions.values import (
    is_empty,
    is_list,
    is_number,
    name,
    read_number,
    to_text,
)

Test = Callable[[Evaluation, Any, Any, bool], bool]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One word of `is`: how pages say it, what it suits, and what it tests."""

    label: str
    kinds: tuple[str, ...]
    test: Test
    needs_right: bool = True


def compare(evaluation: Evaluation, word: str, left: Any, right: Any, ignore_case: bool) -> bool:
    """Whether the row holds; raises ExpressionError when its sides cannot be compared."""
    try:
        return COMPARISONS[word].test(evaluation, left, right, ignore_case)
    except ExpressionError as error:
        raise ExpressionError(f"“{COMPARISONS[word].label}”: {error.message}") from error
    except EngineError as error:
        raise ExpressionError(f"“{COMPARISONS[word].label}”: {error}") from error


def _folded(value: Any, ignore_case: bool) -> Any:
    if not ignore_case:
        return value
    if isinstance(value, str):
        return value.casefold()
    if is_list(value):
        return [item.casefold() if isinstance(item, str) else item for item in value]
    return value


def _equals(evaluation: Evaluation, left: Any, right: Any, ignore_case: bool) -> bool:
    return equals(evaluation, left, right) or equals(
        evaluation, _folded(left, ignore_case), _folded(right, ignore_case)
    )


def _contains(evaluation: Evaluation, left: Any, right: Any, ignore_case: bool) -> bool:
    return contains(evaluation, _folded(right, ignore_case), _folded(_written(left), ignore_case))


def _is_in(evaluation: Evaluation, left: Any, right: Any, ignore_case: bool) -> bool:
    choices = [part.strip() for part in right.split(",")] if isinstance(right, str) else right
    if choices is not None and not is_list(choices):
        raise ExpressionError(f"a list is expected on the right, not {name(right)}")
    return contains(evaluation, _folded(left, ignore_case), _folded(choices, ignore_case))


def _starts_with(evaluation: Evaluation, left: Any, right: Any, ignore_case: bool) -> bool:
    text, part = _texts(evaluation, left, right, ignore_case)
    return text.startswith(part)


def _ends_with(evaluation: Evaluation, left: Any, right: Any, ignore_case: bool) -> bool:
    text, part = _texts(evaluation, left, right, ignore_case)
    return text.endswith(part)


def _matches(evaluation: Evaluation, left: Any, right: Any, ignore_case: bool) -> bool:
    if left is None:
        return False
    pattern = to_text(right, evaluation.meter)
    return patterns.found(evaluation, pattern, to_text(left, evaluation.meter), ignore_case)


def _is_empty(evaluation: Evaluation, left: Any, right: Any, ignore_case: bool) -> bool:
    return is_empty(left)


def _texts(evaluation: Evaluation, left: Any, right: Any, ignore_case: bool) -> tuple[str, str]:
    sides = to_text(left, evaluation.meter), to_text(right, evaluation.meter)
    return _folded(sides[0], ignore_case), _folded(sides[1], ignore_case)


def _written(value: Any) -> Any:
    return str(value) if is_number(value) else value


def _not(test: Test) -> Test:
    return lambda *sides: not test(*sides)


def _sized(order: Order) -> Test:
    by_order = ordering(order)

    def test(evaluation: Evaluation, left: Any, right: Any, ignore_case: bool) -> bool:
        if isinstance(left, str) and isinstance(right, str):
            numbers = read_number(left), read_number(right)
            if None not in numbers:
                left, right = numbers
            elif not (calendar.looks_like_moment(left) and calendar.looks_like_moment(right)):
                left, right = _folded(left, ignore_case), _folded(right, ignore_case)
        return by_order(evaluation, left, right)

    return test


def _timed(order: Order) -> Test:
    def test(evaluation: Evaluation, left: Any, right: Any, ignore_case: bool) -> bool:
        moments = cast_moment(evaluation, left), cast_moment(evaluation, right)
        return None not in moments and order(*moments)

    return test


ANY = ("text", "number", "yes_no", "date", "list", "object")
SIZED = ("number", "text", "date")

COMPARISONS: Mapping[str, Comparison] = MappingProxyType(
    {
        "equals": Comparison("is", ANY, _equals),
        "not_equals": Comparison("is not", ANY, _not(_equals)),
        "contains": Comparison("contains", ("text", "list", "object"), _contains),
        "not_contains": Comparison("does not contain", ("text", "list", "object"), _not(_contains)),
        "starts_with": Comparison("starts with", ("text",), _starts_with),
        "ends_with": Comparison("ends with", ("text",), _ends_with),
        "greater_than": Comparison("is more than", SIZED, _sized(gt)),
        "at_least": Comparison("is at least", SIZED, _sized(ge)),
        "less_than": Comparison("is less than", SIZED, _sized(lt)),
        "at_most": Comparison("is at most", SIZED, _sized(le)),
        "before": Comparison("is before", ("date",), _timed(lt)),
        "after": Comparison("is after", ("date",), _timed(gt)),
        "is_empty": Comparison("is empty", ANY, _is_empty, needs_right=False),
        "is_not_empty": Comparison("is not empty", ANY, _not(_is_empty), needs_right=False),
        "is_in": Comparison("is one of", ("text", "number", "yes_no"), _is_in),
        "is_not_in": Comparison("is none of", ("text", "number", "yes_no"), _not(_is_in)),
        "matches": Comparison("matches the pattern", ("text",), _matches),
    }
)
