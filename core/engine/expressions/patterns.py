"""Regular expressions by RE2: linear in the text, whatever the pattern."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import re2

from core.engine.expressions.errors import ExpressionError
from core.engine.expressions.evaluation import Evaluation
from core.engine.expressions.meter import UNITS as MOST_UNITS
from core.engine.expressions.values import shown

LONGEST_PATTERN = 1000  # characters
LARGEST_PATTERN = 2 << 20  # bytes that RE2 may use for one
REMEMBERED = 100  # compiled patterns

# RE2's slow way costs up to 8 ns a character and instruction; a million units are about a second.
UNIT = 128  # characters times instructions


@lru_cache(maxsize=REMEMBERED)
def compiled(pattern: str, ignore_case: bool = False) -> Any:
    """The compiled pattern; raises ExpressionError."""
    if len(pattern) > LONGEST_PATTERN:
        raise ExpressionError(f"a pattern has at most {LONGEST_PATTERN} characters")
    options = re2.Options()
    options.log_errors = False
    options.max_mem = LARGEST_PATTERN
    options.case_sensitive = not ignore_case
    try:
        return re2.compile(pattern, options)
    except (re2.error, UnicodeError) as error:
        reason = error.args[0] if error.args else ""
        said = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        raise ExpressionError(f"{shown(pattern)} is not a pattern: {said}") from error


def found(evaluation: Evaluation, pattern: str, text: str, ignore_case: bool = False) -> bool:
    """Whether the pattern is somewhere in the text."""
    return next(matches(evaluation, pattern, text, ignore_case), None) is not None


def matches(
    evaluation: Evaluation, pattern: str, text: str, ignore_case: bool = False
) -> Iterator[Any]:
    """All places of the text where an author's pattern is, from left to right."""
    program = compiled(pattern, ignore_case)
    units = len(text) * program.programsize // UNIT
    if units > MOST_UNITS:
        raise ExpressionError("the pattern is too much work for so long a text")
    evaluation.meter.spend(units)
    return places(evaluation, program, text)


def places(evaluation: Evaluation, program: Any, text: str) -> Iterator[Any]:
    """All places where a pattern is that is known to be quick."""
    meter = evaluation.meter
    meter.spend_text(len(text))
    for match in program.finditer(whole_characters(text)):
        meter.spend(1)
        meter.look()
        yield match


def whole_characters(text: str) -> str:
    """The text with half characters, which JSON can hold, as question marks."""
    if text.isascii():
        return text
    return text.encode("utf-8", "replace").decode("utf-8")
