"""`and`, `or`, `not`, and one value or another."""

from typing import Any

from core.engine.expressions.closures.building import Closure, Slots, build, builds
from core.engine.expressions.evaluation import Evaluation
from core.engine.expressions.nodes import Choice, Logic, Not
from core.engine.expressions.values import is_yes


@builds(Logic)
def build_logic(node: Logic, slots: Slots) -> Closure:
    operands = tuple(build(operand, slots) for operand in node.operands)
    stops_at = node.operator == "or"

    def decide(evaluation: Evaluation) -> Any:
        value = None
        for operand in operands:
            value = operand(evaluation)
            if (value if type(value) is bool else is_yes(value)) is stops_at:
                break
        return value

    return decide


@builds(Not)
def build_not(node: Not, slots: Slots) -> Closure:
    operand = build(node.operand, slots)
    return lambda evaluation: not is_yes(operand(evaluation))


@builds(Choice)
def build_choice(node: Choice, slots: Slots) -> Closure:
    condition, then, otherwise = (
        build(part, slots) for part in (node.condition, node.then, node.otherwise)
    )
    return lambda evaluation: (then if is_yes(condition(evaluation)) else otherwise)(evaluation)
