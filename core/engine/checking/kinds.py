"""Whether computed values are of the kind that a field or a comparison needs."""

from collections.abc import Iterator, Mapping
from typing import Any

from core.engine.checking.inference import Inference
from core.engine.checking.problem import Place, Problem
from core.engine.checking.shapes import ANY_KIND, Shape
from core.engine.comparisons import COMPARISONS
from core.engine.conditions import GROUPS
from core.engine.fields import Field

FITTING: Mapping[str, frozenset[str]] = {
    "number": frozenset({"number", "text"}),
    "duration": frozenset({"text", "number"}),
    "date": frozenset({"text", "number"}),
    "url": frozenset({"text"}),
    "workflow": frozenset({"text"}),
    "mail_template": frozenset({"text"}),
    "mapping": frozenset({"object"}),
    "list": frozenset({"list"}),
}
WHOLE = frozenset({"number"})
WANTED = {
    "number": "a number",
    "duration": "a length of time",
    "date": "a date",
    "url": "text",
    "workflow": "text",
    "mail_template": "text",
    "mapping": "names and values",
    "list": "a list",
}
ORDERED = frozenset({"greater_than", "at_least", "less_than", "at_most", "before", "after"})
CHOOSING = frozenset({"is_in", "is_not_in"})


def fit_problems(field: Field, value: Any, here: Place, look: Inference) -> Iterator[Problem]:
    """Whether an expression that is the whole of a field gives what the field needs."""
    fitting = FITTING.get(field.kind)
    if fitting is None or field.literal or not isinstance(value, str) or "{{" not in value:
        return
    wanted = WANTED[field.kind]
    if field.is_whole:
        fitting, wanted = WHOLE, "a whole number"
    shape = look.of_text(value)
    if shape.kind not in (*fitting, ANY_KIND):
        message = f"“{field.label}” must be {wanted}, but this is {shape.words}"
        yield said(here, "wrong_kind", message, shape)


def said(here: Place, code: str, message: str, shape: Shape) -> Problem:
    """An error if it is certain, a warning if only a past run says so."""
    if shape.is_sample:
        return here.warning(code, f"{message}, as in the last run")
    return here.error(code, message)


def row_problems(condition: Any, here: Place, look: Inference) -> Iterator[Problem]:
    """Whether the sides of a condition's rows can be compared as it says."""
    if not isinstance(condition, Mapping):
        return
    for word in GROUPS:
        rows = condition.get(word)
        for position, row in enumerate(rows if isinstance(rows, list | tuple) else ()):
            yield from row_problems(row, here.inner(word, position), look)
    if condition.get("is") in ORDERED:
        yield from unordered(condition, here, look)
    elif condition.get("is") in CHOOSING:
        shape = look.of_value(condition.get("right"))
        if shape.kind in ("number", "object", "yes_no"):
            message = f"“{label(condition)}” needs a list at its right, not {shape.words}"
            yield said(here.inner("right"), "wrong_kind", message, shape)


def unordered(row: Mapping[str, Any], here: Place, look: Inference) -> Iterator[Problem]:
    """Sides that can't be more or less than anything."""
    for side in ("left", "right"):
        shape = look.of_value(row.get(side))
        if shape.kind in ("list", "object"):
            message = f"{shape.words} can't be compared by “{label(row)}”"
            yield said(here.inner(side), "wrong_kind", message, shape)


def label(row: Mapping[str, Any]) -> str:
    return COMPARISONS[str(row["is"])].label
