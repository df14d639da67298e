"""What a new workflow can begin with: a way of starting, and nothing else yet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.engine.definition import Definition
from core.runtime import workflows
from core.storage.workflow import Workflow
from core.triggers import trigger_types

UNNAMED = "New workflow"


@dataclass(frozen=True, slots=True)
class StartingPoint:
    """One choice of a person who has an empty page."""

    key: str
    title: str
    help: str
    go: str
    icon: str
    kind: str
    needs: str  # the trigger type without which it cannot be offered
    triggers: Mapping[str, Any] = field(default_factory=dict)


ALL = (
    StartingPoint(
        key="call",
        title="When another app calls",
        help="Stripe, Shopify, GitHub or your own code posts to a URL you get here.",
        go="Get a URL",
        icon="webhook",
        kind="start",
        needs="endpoint",
        triggers={"endpoint": {"exposed": True, "auth": {"scheme": "api_key"}}},
    ),
    StartingPoint(
        key="schedule",
        title="Every day or hour",
        help="Weekdays at 9:00, or every 15 minutes. You see the next five times first.",
        go="Pick the times",
        icon="calendar-clock",
        kind="connect",
        needs="schedule",
        triggers={"schedules": [{"key": "weekdays", "cron": "0 9 * * 1-5"}]},
    ),
    StartingPoint(
        key="hand",
        title="By hand",
        help="Somebody presses Run, and another workflow may run it as a step.",
        go="Begin empty",
        icon="hand",
        kind="people",
        needs="manual",
    ),
)


def offered() -> Sequence[StartingPoint]:
    """The starting points whose trigger type is built."""
    return [point for point in ALL if point.needs in trigger_types()]


def begin(workspace_id: int, key: str, label: str, *, by: str) -> Workflow:
    """Create a workflow from a starting point; raises KeyError for one that isn't offered."""
    point = {point.key: point for point in offered()}[key]
    label = label.strip() or UNNAMED
    return workflows.create(
        workspace_id,
        workflows.free_name(workspace_id, label),
        label,
        by=by,
        definition=Definition(triggers=point.triggers),
    )
