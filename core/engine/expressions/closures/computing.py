"""Arithmetic, comparisons and functions."""

from typing import Any

from core.engine.errors import EngineError
from core.engine.expressions.closures.building import Closure, Slots, at, build, builds
from core.engine.expressions.errors import ExpressionError
from core.engine.expressions.evaluation import Evaluation
from core.engine.expressions.function import FAULTS, FunctionInfo
from core.engine.expressions.nodes import Call, Comparison, Signed, Sum
from core.engine.expressions.operators import OPERATORS, Operator
from core.engine.expressions.values import check_number, is_number, name


@builds(Call)
def build_call(node: Call, slots: Slots) -> Closure:
    function, column = node.function, node.column
    values = tuple(build(argument, slots) for argument in node.arguments)
    if len(values) == 1:
        return _call_of_one(function, values[0], column)

    def call(evaluation: Evaluation) -> Any:
        given = [value(evaluation) for value in values]
        try:
            evaluation.meter.spend(1)
            return function.call(evaluation, given)
        except FAULTS as error:
            raise function.explain(error, column) from error

    return call


def _call_of_one(function: FunctionInfo, value: Closure, column: int) -> Closure:
    implementation = function.implementation
    cast, needs_value = function.arguments[0].cast, function.arguments[0].needs_value

    def call(evaluation: Evaluation) -> Any:
        given = value(evaluation)
        try:
            evaluation.meter.spend(1)
            given = cast(evaluation, given)
            if given is None and needs_value:
                return None
            return implementation(evaluation, given)
        except FAULTS as error:
            raise function.explain(error, column) from error

    return call


@builds(Sum)
def build_sum(node: Sum, slots: Slots) -> Closure:
    closure = build(node.first, slots)
    if len(node.rest) == 1:
        sign, operand, column = node.rest[0]
        return _pair(OPERATORS[sign], closure, build(operand, slots), column)
    rest = tuple((OPERATORS[sign], build(part, slots), column) for sign, part, column in node.rest)

    def compute(evaluation: Evaluation) -> Any:
        value = closure(evaluation)
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


@builds(Comparison)
def build_comparison(node: Comparison, slots: Slots) -> Closure:
    first = build(node.first, slots)
    if len(node.rest) == 1:
        sign, operand, column = node.rest[0]
        return _pair(OPERATORS[sign], first, build(operand, slots), column)
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


def _pair(operate: Operator, left: Closure, right: Closure, column: int) -> Closure:
    def compute(evaluation: Evaluation) -> Any:
        one, other = left(evaluation), right(evaluation)
        try:
            return operate(evaluation, one, other)
        except EngineError as error:
            raise at(column, error) from None
        except OverflowError:
            raise ExpressionError("the number gets too large", column) from None

    return compute


@builds(Signed)
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
