"""An author's own code: its limits, what comes of it, and the way back from Python to JSON."""

import keyword
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from core.engine import json_gate
from core.engine.errors import StepFailed
from core.engine.json_reader import MOST_LEVELS, MOST_NODES

MOST_CODE: Final = 20_000  # characters
MOST_PRINTED: Final = 10_000  # characters
MOST_TEXT: Final = 10_000_000  # characters in all texts of a result together
USUAL: Final = {"seconds": 5, "memory_mb": 64}
LEAST: Final = {"seconds": 0.1, "memory_mb": 8}
MOST: Final = {"seconds": 30, "memory_mb": 256}
HINTS: Final = {
    "set": "return list(…) of it",
    "frozenset": "return list(…) of it",
    "Decimal": "return float(…) or str(…) of it",
    "bytes": "decode it, or encode it as Base64",
}


@dataclass(frozen=True, slots=True)
class CodeLimits:
    """How long the code may take and how much memory it may use."""

    seconds: float
    memory_mb: float


@dataclass(frozen=True, slots=True)
class CodeResult:
    """What the code has returned and printed."""

    value: Any
    printed: str = ""


@dataclass(frozen=True, slots=True)
class CodeProblem:
    """What is wrong with code that has not run: where, and in which words."""

    line: int
    column: int
    message: str


class CodeFailed(StepFailed):
    """The code has failed or was stopped; what it had printed until then is kept."""

    def __init__(self, message: str, *, printed: str = "", **more: Any) -> None:
        super().__init__(message, **more)
        self.printed = printed


def read_limits(given: Any) -> CodeLimits:
    """The limits with what is usual for those not given; raises StepFailed."""
    wrong = next(limit_problems(given), None)
    if wrong is not None:
        raise StepFailed(wrong[1])
    return CodeLimits(**{**USUAL, **{key: float(value) for key, value in (given or {}).items()}})


def limit_problems(given: Any) -> Iterator[tuple[str, str]]:
    """What is wrong with limits: (key, sentence)."""
    if given is None or given == "":
        return
    if not isinstance(given, Mapping):
        yield "", f"limits are {' and '.join(USUAL)} with numbers"
        return
    for key, value in given.items():
        if key not in USUAL:
            yield key, f"there is no limit “{key}”; there are {' and '.join(USUAL)}"
        elif isinstance(value, bool) or not isinstance(value, int | float):
            yield key, f"the limit “{key}” must be a number"
        elif not LEAST[key] <= value <= MOST[key]:
            yield key, f"the limit “{key}” must be from {LEAST[key]} to {MOST[key]}"


def name_problems(values: Any) -> Iterator[tuple[str, str]]:
    """Values whose names code cannot read: (name, sentence)."""
    for name in values if isinstance(values, Mapping) else ():
        if not str(name).isidentifier() or keyword.iskeyword(str(name)):
            yield str(name), f"“{name}” is no name in Python; use letters, digits and _"


def as_json(value: Any) -> Any:
    """A result of code as JSON: dates as ISO text, tuples as lists; raises StepFailed."""
    try:
        return json_gate.check(_Plain().of(value, "", 1))
    except json_gate.JsonRefused as refusal:
        raise StepFailed(f"the result is not JSON: {refusal.message}") from refusal


class _Plain:
    """Copies one value; a value that is shared inside it counts each time it is met."""

    def __init__(self) -> None:
        self.nodes = 0
        self.texts = 0

    def of(self, part: Any, path: str, level: int) -> Any:
        self.nodes += 1
        if self.nodes > MOST_NODES:
            raise StepFailed(f"the result has more than {MOST_NODES:,} values")
        if level > MOST_LEVELS + 1:
            raise StepFailed(f"the result is nested deeper than {MOST_LEVELS} levels")
        match part:
            case dict():
                return {
                    self.key(k, path): self.of(v, _at(path, k), level + 1) for k, v in part.items()
                }
            case list() | tuple():
                return [self.of(v, f"{path}[{i}]", level + 1) for i, v in enumerate(part)]
            case str():
                self.count(part)
                return part
            case datetime() | date():
                return part.isoformat()
            case None | bool() | int() | float():
                return part
            case _:
                raise StepFailed(_not_json(part, path))

    def key(self, key: Any, path: str) -> str:
        if not isinstance(key, str):
            place = f" of {path}" if path else ""
            raise StepFailed(
                f"the result is not JSON: the key {key!r}{place} is not text; use str(…)"
            )
        self.count(key)
        return key

    def count(self, text: str) -> None:
        self.texts += len(text)
        if self.texts > MOST_TEXT:
            raise StepFailed("the result is larger than 10 MB")


def _at(path: str, key: Any) -> str:
    return f"{path}.{key}" if path else str(key)


def _not_json(part: Any, path: str) -> str:
    name = type(part).__name__
    known = "an object of a class" if type(part).__module__.startswith("pydantic") else f"a {name}"
    hint = HINTS.get(name, "return texts, numbers, lists and dictionaries")
    return f"the result is not JSON: {path or 'it'} is {known}; {hint}"
