"""The ways a workflow starts, as the first card and its panel say them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from blueprints.editor import wording
from core.engine.definition import Definition
from core.engine.recurrence import words
from core.storage.workflow import Workflow

CALLED, SCHEDULE, BY_HAND = "called", "schedule", "by_hand"


@dataclass(frozen=True, slots=True)
class Start:
    """One way of starting."""

    key: str
    icon: str
    how: str
    what: str = ""
    help: str = ""
    is_on: bool = False


def of_definition(workflow: Workflow, definition: Definition) -> Sequence[Start]:
    """The ways this workflow starts; by hand always."""
    triggers = definition.triggers
    found: list[Start] = []
    if is_called(definition):
        method = triggers["endpoint"].get("method", "POST")
        found.append(Start(CALLED, "webhook", "When called", f"{method} /{workflow.name}"))
    for schedule in triggers.get("schedules") or []:
        found.append(Start(SCHEDULE, "clock", "On a schedule", schedule_words(schedule)))
    for thing in triggers.get("things") or []:
        what = f"{thing.get('type', '')}: {', '.join(thing.get('events') or ())}"
        found.append(Start("thing", "table-2", "When data changes", what))
    if not found:
        found.append(Start(BY_HAND, "hand", "By hand", "Someone presses Run"))
    return found


def ways(workflow: Workflow, definition: Definition) -> Sequence[Start]:
    """The ways to choose from in a new workflow."""
    called = is_called(definition)
    listed = definition.triggers.get("schedules") or ()
    planned = " · ".join(schedule_words(schedule) for schedule in listed)
    return (
        Start(
            CALLED,
            "webhook",
            "When called",
            help="Another app or a form sends data to a URL",
            is_on=called,
        ),
        Start(
            SCHEDULE,
            "calendar-clock",
            "On a schedule",
            help=planned or "Every weekday at 9:00, or every 15 minutes",
            is_on=bool(planned),
        ),
        Start(
            BY_HAND,
            "hand",
            "By hand",
            help="Someone presses Run",
            is_on=not called and not planned,
        ),
    )


def is_called(definition: Definition) -> bool:
    """Whether the workflow has a URL that is switched on."""
    return bool(definition.triggers.get("endpoint", {}).get("exposed"))


def schedule_words(schedule: dict[str, Any]) -> str:
    """When a schedule starts the workflow."""
    zone = str(schedule.get("timezone", "")).rpartition("/")[2].replace("_", " ")
    said = words.words(schedule)
    return f"{said}, {zone}" if zone else said


def parameter_count(definition: Definition) -> str:
    """How many values a caller sends."""
    parameters = definition.triggers.get("endpoint", {}).get("parameters") or []
    return wording.count(len(parameters), "parameter")
