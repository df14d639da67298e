"""What the page of schedules shows of each."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any

from blueprints import formats, schedule_times
from blueprints.schedule_times import Time
from core import clock
from core.engine.states import Reason
from core.runtime import places, schedule_list, schedules
from core.runtime.schedule_list import Planned, Waiting
from core.storage.workspace import Workspace
from core.triggers.schedule import MISSED_WORDS, OVERLAP_WORDS

LONGEST_INPUT = 200  # characters
WAITS_FOR = {
    Reason.TIME: "A set time",
    Reason.RETRY: "Another try",
    Reason.CALL: "An answer from outside",
    Reason.APPROVAL: "A person",
    Reason.CHILD: "Another workflow",
    Reason.LIMIT: "The run before it",
    Reason.UNKNOWN_OUTCOME: "You: did this happen?",
}


@dataclass(frozen=True)
class Row:
    """A schedule in the list, and beside it."""

    planned: Planned
    workspace: Workspace

    @property
    def id(self) -> int:
        """The schedule's id."""
        return self.planned.schedule.id

    @cached_property
    def said(self) -> Mapping[str, Any]:
        """When it runs, as the file says it."""
        recurrence: Mapping[str, Any] = self.planned.schedule.recurrence
        return recurrence

    @property
    def title(self) -> str:
        """When it runs, in words."""
        return schedule_times.title(self.said)

    @property
    def other_zone(self) -> str:
        """Its zone's city, when it is not the workspace's."""
        zone = self.planned.zone
        return "" if zone == self.workspace.timezone else formats.city(zone)

    @property
    def city(self) -> str:
        """Its zone as people call it."""
        return formats.city(self.planned.zone)

    @property
    def next(self) -> str:
        """When it runs next, in the workspace's zone."""
        at = self.planned.schedule.next_at
        if at is None:
            return "never again"
        return schedule_times.when(at, self.workspace.timezone, clock.now())

    @property
    def wait(self) -> str:
        """How long until then; while all schedules are paused nobody knows."""
        at = self.planned.schedule.next_at
        if at is None or self.workspace.schedules_paused_at:
            return "paused" if at else ""
        return schedule_times.wait(at, clock.now())

    @property
    def is_moved(self) -> bool:
        """Whether its next time is not the planned one."""
        return self.planned.schedule.moved_from is not None

    @property
    def why_off(self) -> str:
        """Why it starts nothing, if so."""
        if not self.planned.workflow.is_enabled:
            return "workflow is off"
        schedule = self.planned.schedule
        return f"paused by {schedule.paused_by or 'somebody'}" if schedule.is_paused else ""

    @property
    def last(self) -> str:
        """When it ran last, by itself or because somebody wanted it."""
        at = self.planned.last_began or self.planned.schedule.last_at
        return schedule_times.when(at, self.workspace.timezone, clock.now()) if at else ""

    @cached_property
    def times(self) -> list[Time]:
        """The next five times; the first may have been moved."""
        schedule = self.planned.schedule
        rhythm = schedules.rhythm(schedule)
        if schedule.next_at is None:
            return []
        if self.is_moved:
            after = max(schedule.next_at, schedule.moved_from or schedule.next_at)
            return schedule_times.coming(rhythm, after)
        return schedule_times.coming(
            rhythm, max(schedule.next_at, clock.now()) - timedelta(microseconds=1)
        )

    @property
    def missed(self) -> str:
        """What becomes of missed times."""
        return MISSED_WORDS[self.planned.schedule.missed]

    @property
    def overlap(self) -> str:
        """What happens while the last run is still going."""
        return OVERLAP_WORDS[self.planned.schedule.overlap]

    @property
    def input(self) -> str:
        """What it gives the workflow."""
        return shortened(self.planned.schedule.input)

    @property
    def text(self) -> str:
        """The cron text, or the length."""
        return str(self.said.get("cron") or f"every {self.said['every']}")

    @cached_property
    def run_count(self) -> int:
        """How many runs it has started."""
        return schedule_list.run_count(self.planned.schedule)


@dataclass(frozen=True, slots=True)
class WaitRow:
    """A waiting run in the list."""

    waiting: Waiting
    workspace: Workspace

    @property
    def title(self) -> str:
        """The run's name."""
        return self.waiting.run.title or self.waiting.workflow.label

    @property
    def version(self) -> str:
        """The version it runs."""
        number = self.waiting.version
        return f"{self.waiting.workflow.label} {f'v{number}' if number else 'draft'}"

    @property
    def is_outdated(self) -> bool:
        """Whether another version has been published since."""
        workflow, run = self.waiting.workflow, self.waiting.run
        is_live = run.mode == "live"
        return is_live and workflow.published_id not in (None, run.version_id)

    @property
    def why(self) -> str:
        """What it waits for."""
        run = self.waiting.run
        words = WAITS_FOR.get(run.reason or "", "Its turn")
        if run.reason == Reason.TIME and run.started_at is None:
            words = "Its start"
        return places.said(run) or words

    @property
    def due(self) -> str:
        """When it goes on."""
        at = self.waiting.run.wake_at
        return schedule_times.when(at, self.workspace.timezone, clock.now()) if at else ""

    @property
    def wait(self) -> str:
        """How long until then."""
        at = self.waiting.run.wake_at
        return schedule_times.wait(at, clock.now()) if at else ""

    @property
    def given(self) -> str:
        """Its parameters."""
        value = self.waiting.run.input
        hidden = ("headers", "query", "body", "caller")
        return shortened({k: v for k, v in value.items() if k not in hidden} or value.get("body"))


def shortened(given: Any) -> str:
    """What was given, by name and on one line, cut where it is too long to read."""
    if isinstance(given, dict):
        named = {key: value for key, value in given.items() if value is not None}
        text = ", ".join(f"{key}: {_said(value)}" for key, value in named.items())
    else:
        text = _said(given) if given else ""
    return text if len(text) <= LONGEST_INPUT else f"{text[:LONGEST_INPUT]}…"


def _said(value: Any) -> str:
    return f"“{value}”" if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def rows(workspace: Workspace, text: str = "") -> list[Row]:
    """The schedules of a workspace."""
    return [Row(each, workspace) for each in schedule_list.planned(workspace, text=text)]


def wait_rows(workspace: Workspace, found: Sequence[Waiting]) -> list[WaitRow]:
    """Waiting runs."""
    return [WaitRow(each, workspace) for each in found]
