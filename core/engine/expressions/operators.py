"""What the operators do with JSON values."""

from collections.abc import Callable
from operator import ge, gt, le, lt
from typing import Any

from core.engine import calendar
from core.engine.expressions.errors import ExpressionError
from core.engine.expressions.evaluation import Evaluation
from core.engine.expressions.meter import DEEPEST_VALUE, Meter
from core.engine.expressions.values import (
    EXACT_FLOATS,
    check_length,
    check_number,
    check_text,
    is_list,
    is_number,
    is_object,
    name,
    read_number,
    to_text,
)

Order = Callable[[Any, Any], bool]
NUMBERS = (int, float)


def add(evaluation: Evaluation, left: Any, right: Any) -> Any:
    """Two numbers, two lists, or text if either side is text."""
    if type(left) in NUMBERS and type(right) in NUMBERS:
        return check_number(left + right)
    meter = evaluation.meter
    if isinstance(left, str) or isinstance(right, str):
        left, right = to_text(left, meter), to_text(right, meter)
        check_length(len(left) + len(right))
        meter.spend_text(len(left) + len(right))
        return check_text(left + right)
    if is_list(left) and is_list(right):
        meter.spend(len(left) + len(right))
        return [*left, *right]
    raise _refusal("add", left, "and", right)


def subtract(evaluation: Evaluation, left: Any, right: Any) -> Any:
    """The difference of two numbers."""
    if type(left) in NUMBERS and type(right) in NUMBERS:
        return check_number(left - right)
    raise _refusal("subtract", right, "from", left)


def multiply(evaluation: Evaluation, left: Any, right: Any) -> Any:
    """The product of two numbers."""
    if type(left) in NUMBERS and type(right) in NUMBERS:
        return check_number(left * right)
    raise _refusal("multiply", left, "by", right)


def divide(evaluation: Evaluation, left: Any, right: Any) -> Any:
    """The quotient of two numbers, an integer when exact."""
    if not (is_number(left) and is_number(right)):
        raise _refusal("divide", left, "by", right)
    if right == 0:
        raise ExpressionError("division by zero")
    if type(left) is int and type(right) is int and left % right == 0:
        return check_number(left // right)
    quotient = check_number(left / right)
    return int(quotient) if quotient.is_integer() and abs(quotient) < EXACT_FLOATS else quotient


def remainder(evaluation: Evaluation, left: Any, right: Any) -> Any:
    """What a division leaves, with the sign of the divisor."""
    if not (is_number(left) and is_number(right)):
        raise _refusal("divide", left, "by", right)
    if right == 0:
        raise ExpressionError("division by zero")
    return check_number(left % right)


def equals(evaluation: Evaluation, left: Any, right: Any) -> bool:
    """Whether two values are the same; a number equals the text that spells it."""
    if type(left) is str and type(right) is str:
        return left == right or _same_moment(evaluation, left, right)
    if left is None or right is None:
        return left is right
    if is_number(left) and isinstance(right, str):
        return bool(read_number(right) == left)
    if is_number(right) and isinstance(left, str):
        return bool(read_number(left) == right)
    return same(left, right, evaluation.meter)


def differs(evaluation: Evaluation, left: Any, right: Any) -> bool:
    """Whether two values are not the same."""
    return not equals(evaluation, left, right)


def same(left: Any, right: Any, meter: Meter, depth: int = DEEPEST_VALUE) -> bool:
    """Whether two JSON values are alike down to the kinds of their parts."""
    if is_number(left):
        return is_number(right) and left == right
    if isinstance(left, str) or left is None or isinstance(left, bool):
        return type(left) is type(right) and left == right
    if depth == 0:
        raise ExpressionError(f"lists and objects lie more than {DEEPEST_VALUE} levels deep")
    if is_list(left) and is_list(right) and len(left) == len(right):
        meter.spend(len(left))
        return all(
            same(one, other, meter, depth - 1) for one, other in zip(left, right, strict=True)
        )
    if is_object(left) and is_object(right) and len(left) == len(right):
        meter.spend(len(left))
        return all(key in right and same(left[key], right[key], meter, depth - 1) for key in left)
    return False


def contains(evaluation: Evaluation, part: Any, whole: Any) -> bool:
    """Whether a text holds a text, a list an item, or an object a key."""
    if whole is None:
        return False
    if isinstance(whole, str):
        if is_list(part) or is_object(part):
            raise _refusal("look for", part, "in", whole)
        evaluation.meter.spend_text(len(whole))
        return part is not None and to_text(part, evaluation.meter) in whole
    if is_list(whole):
        evaluation.meter.spend(len(whole))
        return any(equals(evaluation, part, item) for item in whole)
    if is_object(whole):
        return isinstance(part, str) and part in whole
    raise _refusal("look for", part, "in", whole)


def lacks(evaluation: Evaluation, part: Any, whole: Any) -> bool:
    """Whether it is not in there."""
    return not contains(evaluation, part, whole)


def ordering(order: Order) -> Callable[[Evaluation, Any, Any], bool]:
    """A comparison by order: with null it is false, a mix of kinds fails."""

    def compare(evaluation: Evaluation, left: Any, right: Any) -> bool:
        if type(left) in NUMBERS and type(right) in NUMBERS:
            return order(left, right)
        if left is None or right is None:
            return False
        return order(*comparable(evaluation, left, right))

    return compare


def comparable(evaluation: Evaluation, left: Any, right: Any) -> tuple[Any, Any]:
    """Two values that Python can order as the language does; raises ExpressionError."""
    if isinstance(left, str) and isinstance(right, str):
        if calendar.looks_like_moment(left) and calendar.looks_like_moment(right):
            return calendar.read(left, evaluation.zone), calendar.read(right, evaluation.zone)
        return left, right
    numbers = _number(left), _number(right)
    if None in numbers or (isinstance(left, str) and isinstance(right, str)):
        raise _refusal("compare", left, "with", right)
    return numbers


def _number(value: Any) -> Any:
    return read_number(value) if isinstance(value, str) else value if is_number(value) else None


def _same_moment(evaluation: Evaluation, left: str, right: str) -> bool:
    if not (calendar.looks_like_moment(left) and calendar.looks_like_moment(right)):
        return False
    try:
        zone = evaluation.zone
        return calendar.read(left, zone) == calendar.read(right, zone)
    except calendar.CalendarError:
        return False


def _refusal(verb: str, left: Any, word: str, right: Any) -> ExpressionError:
    hint = ""
    if left is None or right is None:
        hint = "; give a value for the missing one with “| default(0)”"
    elif isinstance(left, str) or isinstance(right, str):
        hint = "; make a number of the text with “| number”"
    return ExpressionError(f"cannot {verb} {name(left)} {word} {name(right)}{hint}")


Operator = Callable[[Evaluation, Any, Any], Any]

OPERATORS: dict[str, Operator] = {
    "+": add,
    "-": subtract,
    "*": multiply,
    "/": divide,
    "%": remainder,
    "==": equals,
    "!=": differs,
    "in": contains,
    "not in": lacks,
    "<": ordering(lt),
    "<=": ordering(le),
    ">": ordering(gt),
    ">=": ordering(ge),
}
