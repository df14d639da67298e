"""The parts of a parsed expression."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.engine.expressions.function import FunctionInfo


@dataclass(frozen=True, slots=True)
class Literal:
    """A value as it is written."""

    value: Any


@dataclass(frozen=True, slots=True)
class Name:
    """A root of the scope, or the name that a comprehension gives to its item."""

    name: str
    column: int


@dataclass(frozen=True, slots=True)
class Path:
    """A value and the keys and positions that lead into it."""

    base: Node
    keys: tuple[Node, ...]
    column: int


@dataclass(frozen=True, slots=True)
class Call:
    """A function and its arguments."""

    function: FunctionInfo
    arguments: tuple[Node, ...]
    column: int


@dataclass(frozen=True, slots=True)
class Sum:
    """Operands of the same precedence from left to right: `a + b - c`, `a * b / c`."""

    first: Node
    rest: tuple[tuple[str, Node, int], ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One or more comparisons in a row: `a < b <= c`."""

    first: Node
    rest: tuple[tuple[str, Node, int], ...]


@dataclass(frozen=True, slots=True)
class Logic:
    """`and` or `or` between operands."""

    operator: str
    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """`not` an operand."""

    operand: Node


@dataclass(frozen=True, slots=True)
class Signed:
    """A number with a sign before it."""

    sign: str
    operand: Node
    column: int


@dataclass(frozen=True, slots=True)
class Choice:
    """`then if condition else otherwise`."""

    condition: Node
    then: Node
    otherwise: Node


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list as it is written."""

    items: tuple[Node, ...]
    column: int


@dataclass(frozen=True, slots=True)
class ObjectOf:
    """An object as it is written."""

    pairs: tuple[tuple[Node, Node], ...]
    column: int


@dataclass(frozen=True, slots=True)
class Comprehension:
    """A list made of each item of another, or an object if there is a key."""

    key: Node | None
    value: Node
    variable: str
    source: Node
    conditions: tuple[Node, ...]
    column: int


Node = (
    Literal
    | Name
    | Path
    | Call
    | Sum
    | Comparison
    | Logic
    | Not
    | Signed
    | Choice
    | ListOf
    | ObjectOf
    | Comprehension
)


def children(node: Node) -> Iterator[Node]:
    """The parts of a part, as written; a comprehension's are its caller's business."""
    match node:
        case Path(base, keys):
            yield base
            yield from keys
        case Call(_, parts) | Logic(_, parts) | ListOf(parts):
            yield from parts
        case Sum(first, rest) | Comparison(first, rest):
            yield first
            yield from (operand for _, operand, _ in rest)
        case Not(operand) | Signed(_, operand):
            yield operand
        case Choice(condition, then, otherwise):
            yield from (then, condition, otherwise)
        case ObjectOf(pairs):
            yield from (part for pair in pairs for part in pair)
