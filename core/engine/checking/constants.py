"""Conditions whose outcome is known before any run."""

from collections.abc import Iterator, Mapping
from typing import Any

from core.engine import conditions
from core.engine.expressions import ExpressionError, parse


def constant(condition: Any) -> bool | None:
    """Whether it always holds or never does; None if that depends on the run."""
    if condition is None or condition == "":
        return None
    if isinstance(condition, bool):
        return condition
    try:
        if not all(map(is_fixed, texts(condition))) or conditions.problems(condition):
            return None
        return conditions.holds(condition, {}) if has_rows(condition) else None
    except ExpressionError:
        return None


def texts(condition: Any) -> Iterator[str]:
    """Every text in a condition that holds an expression."""
    if isinstance(condition, str):
        if "{{" in condition:
            yield condition
    elif isinstance(condition, Mapping):
        for inner in condition.values():
            yield from texts(inner)
    elif isinstance(condition, list | tuple):
        for inner in condition:
            yield from texts(inner)


def is_fixed(text: str) -> bool:
    """Whether it reads nothing and calls nothing, which may differ from run to run."""
    return "(" not in text and "|" not in text and not parse(text).references


def has_rows(condition: Any) -> bool:
    """Whether there is something to decide."""
    return not isinstance(condition, Mapping) or any(condition.values())
