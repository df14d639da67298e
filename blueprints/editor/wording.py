"""Words of the editor: conditions as sentences, paths to values as names, counts and times."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from core.engine import wording
from core.engine.definition import Step

COMPARISONS: Mapping[str, str] = {
    "equals": "is",
    "not_equals": "is not",
    "contains": "contains",
    "not_contains": "doesn’t contain",
    "starts_with": "starts with",
    "ends_with": "ends with",
    "greater_than": "is more than",
    "at_least": "is at least",
    "less_than": "is less than",
    "at_most": "is at most",
    "before": "is before",
    "after": "is after",
    "is_empty": "is empty",
    "is_not_empty": "is not empty",
    "is_in": "is one of",
    "is_not_in": "is none of",
    "matches": "matches the pattern",
}
ALONE = frozenset({"is_empty", "is_not_empty"})
ROOTS = ("trigger", "vars", "item")
SILENT = ("trigger", "vars")
FIRST_WORD = re.compile(r"(?<!› )(?<!\w)([a-z][a-z0-9_]*) › ")
QUOTED = re.compile(r"“([a-z][a-z0-9_]*)”")
PIPED = re.compile(r"\{\{\s*([\w.]+)\s*\|[^{}]*\}\}")

count = wording.count
say = wording.say


def with_names(text: str, names: Mapping[str, str]) -> str:
    """The text with step ids before a “›” replaced by what the steps are called."""

    def name(match: re.Match[str]) -> str:
        word = match[1]
        if word in SILENT:
            return ""
        return f"{names.get(word, word)} › "

    return FIRST_WORD.sub(name, text)


def unpiped(step: Step) -> Step:
    """The step with values named without what is done to them, for a card's short line."""
    inputs = {
        key: PIPED.sub(r"{{ \1 }}", value) if isinstance(value, str) else value
        for key, value in step.inputs.items()
    }
    return replace(step, inputs=inputs)


def naming(message: str, names: Mapping[str, str]) -> str:
    """A problem's sentence with steps called by their names instead of their ids."""
    said = QUOTED.sub(lambda match: f"“{names.get(match[1], match[1])}”", message)
    return said[:1].upper() + said[1:]


def value_words(value: Any, names: Mapping[str, str]) -> str:
    """A value as a sentence names it: “total”, “Create invoice › url”, “gold”."""
    if isinstance(value, str):
        value = PIPED.sub(r"{{ \1 }}", value)
    words = wording.say(value)
    last = words.rpartition(" › ")[2]
    return last if last and words.split(" › ")[0] in (*ROOTS, *names) else words


def sentence(condition: Any, names: Mapping[str, str]) -> list[tuple[str, bool]]:
    """A condition as pieces of a sentence; the marked ones are values."""
    if isinstance(condition, Mapping):
        return _rows(condition, names)
    if condition in (None, ""):
        return []
    return [(value_words(condition, names), True), ("is yes", False)]


def only_if(condition: Any, names: Mapping[str, str]) -> str:
    """“only if sku is not empty”, for a card."""
    words = sentence_words(condition, names)
    return wording.shorten(f"only if {words}") if words else ""


def sentence_words(condition: Any, names: Mapping[str, str]) -> str:
    """A condition as a plain sentence."""
    return wording.shorten(" ".join(text for text, _ in sentence(condition, names)))


def _rows(condition: Mapping[str, Any], names: Mapping[str, str]) -> list[tuple[str, bool]]:
    joint = "any" if "any" in condition else "all"
    pieces: list[tuple[str, bool]] = []
    for row in condition.get(joint) or []:
        if pieces:
            pieces.append(("or" if joint == "any" else "and", False))
        if "all" in row or "any" in row:
            pieces += [("(", False), *_rows(row, names), (")", False)]
        else:
            pieces += _row(row, names)
    return pieces


def _row(row: Mapping[str, Any], names: Mapping[str, str]) -> list[tuple[str, bool]]:
    comparison = str(row.get("is", "equals"))
    left = value_words(row.get("left"), names) or "…"
    pieces = [(left, True), (COMPARISONS.get(comparison, comparison), False)]
    if comparison not in ALONE:
        pieces.append((value_words(row.get("right"), names) or "…", True))
    return pieces
