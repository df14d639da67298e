"""Regular expressions by RE2: linear in the text, whatever the pattern."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import re2

from core.engine.expressions.errors import ExpressionError
from core.engine.expressions.evaluation import Evaluation
from core.engine.expressions.values import shown

LONGEST_PATTERN = 1000  # characters


@lru_cache(maxsize=500)
def compiled(pattern: str, ignore_case: bool = False) -> Any:
    """The compiled pattern; raises ExpressionError."""
    if len(pattern) > LONGEST_PATTERN:
        raise ExpressionError(f"a pattern has at most {LONGEST_PATTERN} characters")
    options = re2.Options()
    options.log_errors = False
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
    """All places of the text where the pattern is, from left to right."""
    meter = evaluation.meter
    meter.spend_text(4 * len(text))
    for match in compiled(pattern, ignore_case).finditer(whole_characters(text)):
        meter.spend(1)
        meter.look()
        yield match


def whole_characters(text: str) -> str:
    """The text with half characters, which JSON can hold, as question marks."""
    if text.isascii():
        return text
    return text.encode("utf-8", "replace").decode("utf-8")
