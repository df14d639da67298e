"""From the tree of an expression to a Python closure that computes it."""

from collections.abc import Callable, Mapping
from typing import Any

from core.engine.errors import EngineError
from core.engine.expressions.errors import ExpressionError
from core.engine.expressions.evaluation import Evaluation
from core.engine.expressions.nodes import (
    Call,
    Choice,
    Comparison,
    Comprehension,
    ListOf,
    Literal,
    Logic,
    Name,
    Node,
    Not,
    ObjectOf,
    Path,
    Signed,
    Sum,
)
from core.engine.expressions.operators import OPERATORS
from core.engine.expressions.parser import unknown
from core.engine.expressions.values import (
    check_number,
    is_list,
    is_number,
    is_yes,
    look_up,
    name,
    number_text,
    shown,
)

Closure = Callable[[Evaluation], Any]
Slots = Mapping[str, int]  # the names of comprehensions around, and where their items are


def build(node: Node, slots: Slots) -> Closure:
    """The closure that computes the node."""
    builder: Callable[[Any, Slots], Closure] = BUILDERS[type(node)]
    return builder(node, slots)


def at(column: int, error: EngineError) -> ExpressionError:
    """The error with its place, unless it has one."""
    if not isinstance(error, ExpressionError):
        return ExpressionError(str(error), column)
    error.column = error.column or column
    return error


def build_literal(node: Literal, slots: Slots) -> Closure:
    value = node.value
    return lambda evaluation: value


def build_name(node: Name, slots: Slots) -> Closure:
    root, column = node.name, node.column
    if root in slots:
        slot = slots[root]
        return lambda evaluation: evaluation.items[slot]

    key = None if root.startswith("__") else root

    def read_root(evaluation: Evaluation) -> Any:
        try:
            return evaluation.scope[key]  # type: ignore[index]
        except KeyError:
            raise unknown("value", root, evaluation.scope, column) from None

    return read_root


def build_path(node: Path, slots: Slots) -> Closure:
    base, column = build(node.base, slots), node.column
    reads_steps = node.base == Name("steps", column) and "steps" not in slots
    first = build(node.keys[0], slots)
    if reads_steps:
        base = _step_reader(base, first, column)
    keys = node.keys[1:] if reads_steps else node.keys
    if all(isinstance(key, Literal) and isinstance(key.value, str) for key in keys):
        return _fixed_path(base, tuple(key.value for key in keys if isinstance(key, Literal)))
    return _computed_path(base, tuple(build(key, slots) for key in keys))


def _step_reader(base: Closure, key: Closure, column: int) -> Closure:
    def read_step(evaluation: Evaluation) -> Any:
        step_id = key(evaluation)
        try:
            return base(evaluation)[step_id]
        except (KeyError, TypeError, IndexError):
            raise ExpressionError(f"there is no step called {shown(step_id)}", column) from None

    return read_step


def _fixed_path(base: Closure, keys: tuple[str, ...]) -> Closure:
    def read_path(evaluation: Evaluation) -> Any:
        value = base(evaluation)
        for key in keys:
            if type(value) is dict:
                value = value.get(key)
            elif value is None:
                return None
            else:
                value = look_up(value, key)
        return value

    return read_path


def _computed_path(base: Closure, keys: tuple[Closure, ...]) -> Closure:
    def read_path(evaluation: Evaluation) -> Any:
        value = base(evaluation)
        for key in keys:
            value = look_up(value, key(evaluation))
        return value

    return read_path


def build_call(node: Call, slots: Slots) -> Closure:
    function, column = node.function, node.column
    arguments = tuple(build(argument, slots) for argument in node.arguments)

    def call(evaluation: Evaluation) -> Any:
        values = [argument(evaluation) for argument in arguments]
        try:
            return function.call(evaluation, values)
        except EngineError as error:
            raise at(column, error) from error

    return call


def build_sum(node: Sum, slots: Slots) -> Closure:
    first = build(node.first, slots)
    rest = tuple((OPERATORS[sign], build(part, slots), column) for sign, part, column in node.rest)

    def compute(evaluation: Evaluation) -> Any:
        value = first(evaluation)
        for operate, operand, column in rest:
            right = operand(evaluation)
            try:
                value = operate(evaluation, value, right)
            except EngineError as error:
                raise at(column, error) from None
            except OverflowError:
                raise ExpressionError("the number gets too large", column) from None
        return value

    return compute


def build_comparison(node: Comparison, slots: Slots) -> Closure:
    first = build(node.first, slots)
    rest = tuple((OPERATORS[sign], build(part, slots), column) for sign, part, column in node.rest)

    def compare(evaluation: Evaluation) -> bool:
        left = first(evaluation)
        for holds, operand, column in rest:
            right = operand(evaluation)
            try:
                if not holds(evaluation, left, right):
                    return False
            except EngineError as error:
                raise at(column, error) from None
            left = right
        return True

    return compare


def build_logic(node: Logic, slots: Slots) -> Closure:
    operands = tuple(build(operand, slots) for operand in node.operands)
    stops_at = node.operator == "or"

    def decide(evaluation: Evaluation) -> Any:
        value = None
        for operand in operands:
            value = operand(evaluation)
            if is_yes(value) is stops_at:
                break
        return value

    return decide


def build_not(node: Not, slots: Slots) -> Closure:
    operand = build(node.operand, slots)
    return lambda evaluation: not is_yes(operand(evaluation))


def build_signed(node: Signed, slots: Slots) -> Closure:
    operand, column, is_minus = build(node.operand, slots), node.column, node.sign == "-"

    def sign(evaluation: Evaluation) -> Any:
        value = operand(evaluation)
        if not is_number(value):
            raise ExpressionError(f"a sign needs a number, not {name(value)}", column)
        try:
            return check_number(-value) if is_minus else value
        except ExpressionError as error:
            raise at(column, error) from None

    return sign


def build_choice(node: Choice, slots: Slots) -> Closure:
    condition, then, otherwise = (
        build(part, slots) for part in (node.condition, node.then, node.otherwise)
    )
    return lambda evaluation: (then if is_yes(condition(evaluation)) else otherwise)(evaluation)


def build_list(node: ListOf, slots: Slots) -> Closure:
    items, column = tuple(build(item, slots) for item in node.items), node.column

    def make_list(evaluation: Evaluation) -> list[Any]:
        _spend(evaluation, len(items), column)
        return [item(evaluation) for item in items]

    return make_list


def build_object(node: ObjectOf, slots: Slots) -> Closure:
    pairs = tuple((build(key, slots), build(value, slots)) for key, value in node.pairs)
    column = node.column

    def make_object(evaluation: Evaluation) -> dict[str, Any]:
        _spend(evaluation, len(pairs), column)
        return {_key(key(evaluation), column): value(evaluation) for key, value in pairs}

    return make_object


def build_comprehension(node: Comprehension, slots: Slots) -> Closure:
    slot, column = max(slots.values(), default=-1) + 1, node.column
    source = build(node.source, slots)
    inner = {**slots, node.variable: slot}
    value = build(node.value, inner)
    key = build(node.key, inner) if node.key else None
    condition = build(Logic("and", node.conditions), inner) if node.conditions else None

    def turns(evaluation: Evaluation) -> Any:
        values = source(evaluation)
        if values is None:
            return
        if not is_list(values):
            raise ExpressionError(f"“for” goes through a list, not {name(values)}", column)
        for item in values:
            _spend(evaluation, 1, column)
            evaluation.items[slot] = item
            if condition is None or is_yes(condition(evaluation)):
                yield item

    if key is None:
        return lambda evaluation: [value(evaluation) for _ in turns(evaluation)]
    return lambda evaluation: {
        _key(key(evaluation), column): value(evaluation) for _ in turns(evaluation)
    }


BUILDERS: dict[type, Callable[[Any, Slots], Closure]] = {
    Literal: build_literal,
    Name: build_name,
    Path: build_path,
    Call: build_call,
    Sum: build_sum,
    Comparison: build_comparison,
    Logic: build_logic,
    Not: build_not,
    Signed: build_signed,
    Choice: build_choice,
    ListOf: build_list,
    ObjectOf: build_object,
    Comprehension: build_comprehension,
}


def _spend(evaluation: Evaluation, units: int, column: int) -> None:
    try:
        evaluation.meter.spend(units)
    except ExpressionError as error:
        raise at(column, error) from None


def _key(value: Any, column: int) -> str:
    if isinstance(value, str):
        return value
    if is_number(value):
        return number_text(value)
    raise ExpressionError(f"a key is text, not {name(value)}", column)
