"""Fill in a step's inputs from its scope; whatever cannot be is the author's failure."""

from collections.abc import Mapping
from typing import Any

from core.engine.conditions import holds as condition_holds
from core.engine.definition import Step
from core.engine.errors import StepFailed
from core.engine.expressions import ExpressionError, resolve
from core.engine.failures import of_expression
from core.engine.step_type import StepType


def evaluate(value: Any, scope: Mapping[str, Any], field: str) -> Any:
    """One field's value; raises StepFailed of kind expression."""
    try:
        return resolve(value, scope)
    except ExpressionError as error:
        raise of_expression(error, field) from error


def holds(condition: Any, scope: Mapping[str, Any], field: str) -> bool:
    """Whether a condition holds; raises StepFailed of kind expression."""
    try:
        return condition_holds(condition, scope)
    except ExpressionError as error:
        raise of_expression(error, field) from error


def fill_in(step: Step, step_type: StepType, scope: Mapping[str, Any]) -> dict[str, Any]:
    """All inputs that are evaluated at entry, defaults included; raises StepFailed."""
    given = {**step_type.defaults, **step.inputs}
    inputs = {}
    for field in step_type.fields:
        if field.key not in given or field.per_turn:
            continue
        value = given[field.key]
        inputs[field.key] = value if field.literal else evaluate(value, scope, field.label)
        if field.required and inputs[field.key] is None and field.kind not in ("json", "list"):
            raise StepFailed(f"“{field.label}” is empty", kind="expression")
    return inputs
