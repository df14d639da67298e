"""Which builder makes the closure of which part of an expression."""

from collections.abc import Callable, Mapping
from typing import Any

from core.engine.errors import EngineError
from core.engine.expressions.errors import ExpressionError
from core.engine.expressions.evaluation import Evaluation
from core.engine.expressions.nodes import Node

Closure = Callable[[Evaluation], Any]
Slots = Mapping[str, int]  # the names of comprehensions around, and where their items are
Builder = Callable[[Any, Slots], Closure]

BUILDERS: dict[type, Builder] = {}


def builds(part: type) -> Callable[[Builder], Builder]:
    """Name the kind of part that a builder serves."""

    def register(builder: Builder) -> Builder:
        BUILDERS[part] = builder
        return builder

    return register


def build(node: Node, slots: Slots) -> Closure:
    """The closure that computes the part."""
    return BUILDERS[type(node)](node, slots)


def at(column: int, error: EngineError) -> ExpressionError:
    """The error with its place, unless it has one."""
    if not isinstance(error, ExpressionError):
        return ExpressionError(str(error), column)
    error.column = error.column or column
    return error
