"""What the last run's data would do to conditions, as they stand now."""

from collections.abc import Mapping
from typing import Any

from blueprints.editor import canvas
from core.engine import conditions, wording
from core.engine.definition import Step
from core.engine.expressions import ExpressionError, resolve

MOST_VALUES = 3


def of_step(step: Step, scope: Mapping[str, Any] | None) -> dict[str, str]:
    """Sentences by part of the form: `only_when`, and the key of each path with a condition."""
    if scope is None:
        return {}
    found = {}
    if step.only_when is not None and (holds := _holds(step.only_when, scope)) is not None:
        did = "run it" if holds else "leave it out"
        found["only_when"] = f"Last run{_values(step.only_when, scope)} would {did}"
    if step.type == "branch" and (taken := _taken(step, scope)):
        for branch in step.branches:
            if branch.only_when is not None:
                values = _values(branch.only_when, scope)
                found[branch.key] = f"Last run{values} would take {', '.join(taken)}"
    return found


def _taken(step: Step, scope: Mapping[str, Any]) -> list[str]:
    """The labels of the paths that would be taken; nothing if a condition can't be told."""
    fitting = []
    for branch in step.branches:
        if branch.only_when is None:
            continue
        holds = _holds(branch.only_when, scope)
        if holds is None:
            return []
        if holds:
            fitting.append(canvas.path_label(step, branch))
            if step.inputs.get("mode", "first") == "first":
                return fitting
    rest = [canvas.path_label(step, b) for b in step.branches if b.only_when is None]
    return fitting or rest[:1] or ["no path"]


def _holds(condition: Any, scope: Mapping[str, Any]) -> bool | None:
    try:
        return conditions.holds(condition, scope)
    except ExpressionError:
        return None


def _values(condition: Any, scope: Mapping[str, Any]) -> str:
    """The values that were compared: “ (184.5, silver)”."""
    if not isinstance(condition, Mapping):
        return ""
    rows = condition.get("all") or condition.get("any") or []
    lefts = [row.get("left") for row in rows if "left" in row][:MOST_VALUES]
    said = [wording.say(resolve(left, scope)) or "empty" for left in lefts]
    return f" ({', '.join(said)})" if said else ""
