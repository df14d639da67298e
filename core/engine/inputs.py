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
    given, defaults, inputs = step.inputs, step_type.defaults, {}
    for field in step_type.fields:
        key = field.key
        if field.per_turn or (key not in given and key not in defaults):
            continue
        value = given[key] if key in given else defaults[key]
        inputs[key] = value if field.literal else evaluate(value, scope, field.label)
        if inputs[key] is None and field.required and field.kind not in ("json", "list"):
            raise StepFailed(f"“{field.label}” is empty", kind="expression")
    if step_type.has_turns:
        inputs.update(for_each_item(step, step_type, scope, inputs))
    return inputs


def for_each_item(
    step: Step, step_type: StepType, scope: Mapping[str, Any], inputs: Mapping[str, Any]
) -> dict[str, list[Any]]:
    """The fields of a step without a body that are evaluated once for each item of its list."""
    fields = [field for field in step_type.fields if field.per_turn and field.key in step.inputs]
    items = inputs.get("list")
    if not fields or not isinstance(items, list):
        return {}
    values: dict[str, list[Any]] = {field.key: [] for field in fields}
    for index, item in enumerate(items):
        turn = {"item": item, "index": index}
        loops = {**scope.get("loops", {}), step.id: turn}
        here = {**scope, **turn, "loops": loops}
        for field in fields:
            values[field.key].append(evaluate(step.inputs[field.key], here, field.label))
    return values
