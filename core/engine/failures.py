"""The error object that authors meet: made from a failure, and made a failure again."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from core.engine.errors import StepFailed
from core.engine.expressions import ExpressionError

if TYPE_CHECKING:
    from core.engine.requests import Perform


def describe(
    error: StepFailed, step_id: str, path: str, *, attempts: int, at: datetime
) -> dict[str, Any]:
    """The contract's error object of a failure at that path."""
    described = {
        "kind": error.kind,
        "message": error.message,
        "step": step_id,
        "path": path,
        "attempts": attempts,
        "retryable": error.retryable,
        "at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }
    if "status" in error.details:
        described["status"] = error.details["status"]
        described["response"] = error.details.get("body")
    return described


def of_effect(error: StepFailed, perform: "Perform", at: datetime) -> dict[str, Any]:
    """The error object of an attempt that failed."""
    id, path = perform.step.id, perform.path
    return describe(error, id, path, attempts=perform.attempt, at=at)


def recorded(described: Mapping[str, Any]) -> StepFailed:
    """The failure that a run has already written down."""
    details = {}
    if "status" in described:
        details = {"status": described["status"], "body": described.get("response")}
    error = StepFailed(described["message"], kind=described["kind"], details=details)
    error.described = dict(described)
    return error


def of_expression(error: ExpressionError, field: str) -> StepFailed:
    """An expression that cannot be evaluated, with its field and column."""
    place = f"“{field}”" + (f", column {error.column}" if error.column else "")
    return StepFailed(f"{place}: {error.message}", kind="expression")
