"""The ways a workflow starts, as the first card and its panel say them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from blueprints.editor import wording
from core.engine.definition import Definition
from core.storage.workflow import Workflow

CALLED, BY_HAND = "called", "by_hand"


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
        found.append(Start("schedule", "clock", "On a schedule", schedule_words(schedule)))
    for thing in triggers.get("things") or []:
        words = f"{thing.get('type', '')}: {', '.join(thing.get('events') or ())}"
        found.append(Start("thing", "table-2", "When data changes", words))
    if not found:
        found.append(Start(BY_HAND, "hand", "By hand", "Someone presses Run"))
    return found


def ways(workflow: Workflow, definition: Definition) -> Sequence[Start]:
    """The ways to choose from in a new workflow."""
    called = is_called(definition)
    return (
        Start(
            CALLED,
            "webhook",
            "When called",
            help="Another app or a form sends data to a URL",
            is_on=called,
        ),
        Start(BY_HAND, "hand", "By hand", help="Someone presses Run", is_on=not called),
    )


def is_called(definition: Definition) -> bool:
    """Whether the workflow has a URL that is switched on."""
    return bool(definition.triggers.get("endpoint", {}).get("exposed"))


def schedule_words(schedule: dict[str, Any]) -> str:
    """When a schedule starts the workflow."""
    if every := schedule.get("every"):
        return f"every {every}"
    zone = str(schedule.get("timezone", "")).rpartition("/")[2].replace("_", " ")
    words = str(schedule.get("cron", ""))
    return f"{words}, {zone}" if zone else words


def parameter_count(definition: Definition) -> str:
    """How many values a caller sends."""
    parameters = definition.triggers.get("endpoint", {}).get("parameters") or []
    return wording.count(len(parameters), "parameter")
