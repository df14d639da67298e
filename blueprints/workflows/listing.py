"""What the list of workflows shows: one row for each, in its folder."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from blueprints import formats
from core import clock
from core.engine.definition import Definition
from core.engine.recurrence import words
from core.storage import run_counts
from core.storage.db import db
from core.storage.run_counts import LastDay
from core.storage.workflow import Version, Workflow
from core.triggers.endpoint import sender

COLORS = ("teal", "violet", "amber", "rose", "blue", "slate")
NO_FOLDER = ""


@dataclass(frozen=True, slots=True)
class Start:
    """One way of starting, in a few words."""

    icon: str
    words: str


@dataclass(frozen=True, slots=True)
class Row:
    """One workflow of the list."""

    workflow: Workflow
    definition: Definition
    live_number: int | None
    last_day: LastDay

    @property
    def starts(self) -> Sequence[Start]:
        """How it starts: as published, or as drafted while it never was."""
        return tuple(starts_of(self.definition)) or (Start("hand", "By hand"),)

    @property
    def color(self) -> str:
        """The colour of its tile."""
        return self.workflow.color if self.workflow.color in COLORS else "slate"

    @property
    def icon(self) -> str:
        """The picture in its tile: how it starts first."""
        return self.starts[0].icon

    def holds(self, needle: str) -> bool:
        """Whether its name, URL, folder, description or one of its steps has these letters."""
        workflow = self.workflow
        texts = [workflow.label, workflow.name, workflow.folder, workflow.description]
        texts += [f"{step.label} {step.id} {step.type}" for step in self.definition.walk()]
        return any(needle in text.lower() for text in texts)


@dataclass(frozen=True, slots=True)
class Listing:
    """The rows to show, with what the page says about all of them."""

    rows: Sequence[Row]
    all_count: int
    live_count: int
    folder_names: Sequence[str]

    def folders(self) -> Iterator[tuple[str, list[Row]]]:
        """Rows by folder, those without one last."""
        ordered = sorted(self.rows, key=lambda row: (not folder_of(row), folder_of(row).lower()))
        for name, rows in groupby(ordered, key=folder_of):
            yield name, list(rows)


def of_workspace(workspace_id: int, *, needle: str = "", folder: str = "") -> Listing:
    """The workflows of a workspace, filtered."""
    everything = rows(workspace_id)
    wanted = needle.strip().lower()
    shown = [
        row
        for row in everything
        if (not folder or folder_of(row) == folder) and (not wanted or row.holds(wanted))
    ]
    return Listing(
        rows=shown,
        all_count=len(everything),
        live_count=sum(1 for row in everything if row.live_number and row.workflow.is_enabled),
        folder_names=sorted({folder_of(row) for row in everything} - {NO_FOLDER}, key=str.lower),
    )


def rows(workspace_id: int, *, only: int | None = None) -> list[Row]:
    """One row for each workflow, with its live version and its last day: two queries."""
    query = (
        db.select(Workflow, Version)
        .outerjoin(Version, Version.id == Workflow.published_id)
        .where(Workflow.workspace_id == workspace_id, Workflow.deleted_at.is_(None))
        .order_by(Workflow.label, Workflow.id)
    )
    if only is not None:
        query = query.where(Workflow.id == only)
    last_days = run_counts.of_last_day(workspace_id, clock.now())
    return [
        Row(
            workflow,
            version.definition if version else workflow.definition,
            version.number if version else None,
            last_days.get(workflow.id) or LastDay(),
        )
        for workflow, version in db.session.execute(query)
    ]


def folder_of(row: Row) -> str:
    return row.workflow.folder.strip()


def starts_of(definition: Definition) -> Iterator[Start]:
    triggers = definition.triggers
    endpoint = triggers.get("endpoint") or {}
    if endpoint.get("exposed"):
        yield Start("webhook", sender_of(endpoint))
    for schedule in triggers.get("schedules") or ():
        yield Start("calendar-clock", schedule_words(schedule))
    for _ in (triggers.get("things") or ())[:1]:
        yield Start("database-zap", "Data change")


def sender_of(endpoint: dict[str, Any]) -> str:
    """Who calls, when the signature tells."""
    preset = (endpoint.get("auth") or {}).get("preset")
    return sender(str(preset)) if preset else "Called"


def schedule_words(schedule: dict[str, Any]) -> str:
    said, zone = words.words(schedule), schedule.get("timezone")
    return said[:1].upper() + said[1:] + (f", {formats.city(zone)}" if zone else "")
