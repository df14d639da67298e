"""What people are asked: a message and the fields of the form that they fill in."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.engine import parameter_checks, parameters
from core.engine.errors import StepFailed
from core.engine.parameters import Parameter

MOST_FIELDS = 30
LONGEST_LABEL = 80
LONGEST_COMMENT = 5000  # characters
RULES = ("type", "list", "optional", "default", "min", "max", "pattern", "choices")


@dataclass(frozen=True, slots=True)
class Asked:
    """One field of the form: what is declared, and what stands above it."""

    parameter: Parameter
    label: str


def read(raw: Any) -> tuple[Asked, ...]:
    """The form's fields from a step's input; raises StepFailed with what is wrong.

    A text is the label of a text field; an object says more, as parameters do.
    """
    if raw is None or raw == "":
        return ()
    if not isinstance(raw, list | tuple):
        raise StepFailed("“Form” has to be a list of fields")
    if len(raw) > MOST_FIELDS:
        raise StepFailed(f"“Form” has more than {MOST_FIELDS} fields")
    declared = [_declared(field) for field in raw]
    if found := parameter_checks.problems(declared, "form"):
        raise StepFailed(f"“Form”: {found[0][1]}")
    return tuple(
        Asked(parameter, _label(field, parameter))
        for field, parameter in zip(raw, parameters.declared(declared), strict=True)
    )


def _declared(field: Any) -> dict[str, Any]:
    if isinstance(field, str):
        return {"key": key_of(field), "type": "text"}
    if not isinstance(field, Mapping):
        raise StepFailed("“Form”: each field is a text or an object with “key” and “type”")
    rules = {name: field[name] for name in RULES if name in field}
    key = field.get("key") or key_of(str(field.get("label") or ""))
    return {"key": key, "type": "text", **rules}


def key_of(label: str) -> str:
    """The name under which an answer to that label is read: “Cost center” is cost_center."""
    words = re.findall(r"[a-z0-9]+", label.lower())
    return "_".join(words)[:40].rstrip("_")


def _label(field: Any, parameter: Parameter) -> str:
    given = field if isinstance(field, str) else field.get("label")
    return str(given or parameter.key)[:LONGEST_LABEL]
