"""When something planned is to begin, as authors write it."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from core.engine import durations, wording
from core.engine.errors import StepFailed

FARTHEST = timedelta(days=5 * 366)
LONGEST_INTERVAL = timedelta(days=30)


def moment(given: Any, label: str, *, timezone: str, now: datetime) -> datetime | None:
    """An ISO date or time, in that zone unless it names its own; None if empty; StepFailed."""
    if given is None or given == "":
        return None
    try:
        read = datetime.fromisoformat(str(given))
    except ValueError as error:
        said = wording.say(given)
        raise StepFailed(
            f"“{label}”: “{said}” is not a date; write it as 2026-12-24T09:00"
        ) from error
    at = read if read.tzinfo else read.replace(tzinfo=ZoneInfo(timezone))
    if at - now > FARTHEST:
        raise StepFailed(f"“{label}” is more than five years away")
    return at


def interval(given: Any, label: str) -> timedelta | None:
    """A length of time of at most 30 days; None if empty; raises StepFailed."""
    if given is None or given == "":
        return None
    try:
        length = durations.parse(given)
    except (ValueError, TypeError, OverflowError) as error:
        raise StepFailed(f"“{label}”: {error}") from error
    if length > LONGEST_INTERVAL:
        raise StepFailed(f"“{label}” is more than 30 days")
    return length


def workflow(given: Any, label: str) -> str:
    """The name of a workflow; raises StepFailed."""
    if not isinstance(given, str) or not given:
        raise StepFailed(f"“{label}”: choose the workflow")
    return given


def parameters(given: Any) -> dict[str, Any]:
    """Names and values that a run is given; raises StepFailed."""
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise StepFailed("“Parameters” must be names and values")
    return given
