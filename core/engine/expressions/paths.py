"""Paths that functions take as text: `customer.name`, `lines[0].price`."""

import re
from functools import lru_cache
from typing import Any

from core.engine.expressions.errors import ExpressionError
from core.engine.expressions.values import look_up, shown

LONGEST_PATH = 500  # characters
PART = re.compile(r"(?:^|\.)([^.\[\]]+)|\[(-?[0-9]{1,9})\]|\[(?:'([^']*)'|\"([^\"]*)\")\]")


@lru_cache(maxsize=1000)
def split(path: str) -> tuple[str | int, ...]:
    """The keys and positions of a path; raises ExpressionError."""
    keys: list[str | int] = []
    position = 0
    while position < len(path) <= LONGEST_PATH:
        match = PART.match(path, position)
        if not match:
            break
        word = next((part for part in (match[1], match[3], match[4]) if part is not None), None)
        keys.append(int(match[2]) if word is None else word)
        position = match.end()
    if position < len(path):
        raise ExpressionError(f"{shown(path)} is not a path; write it as customer.name or lines[0]")
    return tuple(keys)


def follow(value: Any, path: str) -> Any:
    """What lies at the end of the path; null if nothing does."""
    for key in split(path):
        if value is None:
            return None
        value = look_up(value, key)
    return value
