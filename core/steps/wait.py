"""Wait for a length of time or until a moment; no worker is held meanwhile."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from core.engine import durations, wording
from core.engine.definition import Step
from core.engine.errors import StepFailed
from core.engine.fields import Field
from core.engine.outcomes import Sleep
from core.engine.step_type import StepContext, StepType

LONGEST = timedelta(days=5 * 366)
ONE_OF_TWO = "give “For” or “Until”, one of the two"


class Wait(StepType):
    """The run sleeps and goes on by itself, also after a restart."""

    label = "Wait"
    help = "Go on later: after some time, or at a moment. Restarts do not disturb it."
    category = "logic"
    icon = "timer"
    sleeps = True
    keywords = ("wait", "delay", "sleep", "pause", "later", "timer", "until", "schedule")
    fields = (
        Field(
            "for",
            "For",
            kind="duration",
            required=False,
            placeholder="15m",
            help="For example 30s, 15m, 2h or 7d. Give this or “Until”.",
        ),
        Field(
            "until",
            "Until",
            kind="date",
            required=False,
            placeholder="2026-12-24T09:00",
            help="A moment; without a zone it is meant in the run's time zone.",
        ),
    )

    def summary(self, step: Step) -> str:
        """How long, or until when."""
        if until := step.inputs.get("until"):
            return f"until {wording.say(until)}"
        return f"for {wording.say(step.inputs.get('for'))}" if step.inputs.get("for") else ""

    def problems(self, inputs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """One of the two is needed."""
        if _is_empty(inputs.get("for")) == _is_empty(inputs.get("until")):
            yield "for", ONE_OF_TWO

    def run(self, inputs: Mapping[str, Any], context: StepContext) -> Sleep:
        """Say how long; a moment that has passed is no wait at all."""
        length, until = inputs.get("for"), inputs.get("until")
        if _is_empty(length) == _is_empty(until):
            raise StepFailed(ONE_OF_TWO)
        if _is_empty(until):
            return Sleep(length=read_length(length))
        moment = read_moment(until, context.timezone)
        if moment - context.started_at > LONGEST:
            raise StepFailed("“Until” is more than five years away")
        return Sleep(until=moment)


def read_length(given: Any) -> timedelta:
    """A duration of at most five years; raises StepFailed."""
    try:
        length = durations.parse(given)
    except (ValueError, OverflowError) as error:
        raise StepFailed(f"“For”: {error}") from error
    if length > LONGEST:
        raise StepFailed("“For” is more than five years")
    return length


def read_moment(given: Any, timezone: str) -> datetime:
    """An ISO date or time, in that zone unless it names its own; raises StepFailed."""
    try:
        moment = datetime.fromisoformat(str(given))
    except ValueError as error:
        raise StepFailed(
            f"“Until”: “{wording.say(given)}” is not a date; write it as 2026-12-24T09:00"
        ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(timezone))


def _is_empty(value: Any) -> bool:
    return value is None or value == ""
