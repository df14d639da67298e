"""Many runs at once: a page of them, newest first, without their data."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.engine import wording
from core.engine.errors import DefinitionError
from core.runtime import definitions, run_search, run_times
from core.runtime.run_filter import UNFINISHED, RunFilter
from core.runtime.run_search import Found
from core.runtime.run_summary import say_error, say_place, say_time
from core.steps import step_types
from core.storage.db import db
from core.storage.run import Run
from core.storage.workflow import Version, Workflow

LONGEST_WHY = 160  # characters
WAITS = {
    "retry": "Tries again at {}",
    "time": "Goes on at {}",
    "call": "Waits for an answer from outside",
    "approval": "Waits for a person",
    "child": "Waits for another workflow",
    "limit": "In line behind the run before",
    "unknown_outcome": "Needs you: did this happen?",
}


@dataclass(frozen=True, slots=True)
class RunLine:
    """One run in a list."""

    id: str
    title: str
    state: str
    reason: str | None
    mode: str
    origin: str
    started_by: str
    error: Mapping[str, Any] | None
    limit_key: str | None
    line: str | None
    wake_at: datetime | None
    deaths: int
    lane: str
    seq: int
    steps_used: int
    created_at: datetime
    due_at: datetime | None
    finished_at: datetime | None
    idle_ms: int
    workflow_id: int
    workflow: str
    version_id: int
    version: int | None

    @property
    def is_final(self) -> bool:
        """Whether nothing can change any more."""
        return self.state not in UNFINISHED

    @property
    def ms(self) -> float | None:
        """How long it took, once it has ended."""
        return run_times.took(self)

    def why(self, zone: str) -> str:
        """Why it is in its state, where the state alone does not say."""
        if self.state == "failed":
            message = say_error(self.error)
            step = self._step_label()
            return wording.shorten(f"{step}: {message}" if step else message, LONGEST_WHY)
        if said := say_place(self, zone):
            return said
        if self.state == "waiting":
            time = say_time(self.wake_at, zone) if self.wake_at else "some time"
            return WAITS.get(self.reason or "", "").format(time)
        if self.state == "queued" and (self.deaths or self.lane == "alone"):
            return "Interrupted; in line to go on"
        return {"stopped": "Stopped by a step", "not_run": "Condition not met"}.get(
            self.reason or "", ""
        )

    def _step_label(self) -> str:
        """The step that failed, by the name its author gave it."""
        try:
            step = definitions.of_version(self.version_id).find(str((self.error or {})["step"]))
        except (KeyError, DefinitionError):
            return ""
        step_type = step_types().get(step.type)
        return step.label or (step_type.label if step_type else step.type)


LISTED = (
    Run.id,
    Run.title,
    Run.state,
    Run.reason,
    Run.mode,
    Run.origin,
    Run.started_by,
    Run.error,
    Run.limit_key,
    Run.line,
    Run.wake_at,
    Run.deaths,
    Run.lane,
    Run.seq,
    Run.steps_used,
    Run.created_at,
    Run.due_at,
    Run.finished_at,
    Run.idle_ms,
    Run.workflow_id,
    Workflow.label.label("workflow"),
    Run.version_id,
    Version.number.label("version"),
)


def listed(
    workspace_id: int, wanted: RunFilter, *, before: str = "", limit: int = 50
) -> tuple[list[RunLine], Found]:
    """The newest runs that fit, older than the run `before`, and how far that was looked for."""
    found = run_search.search(workspace_id, wanted, before, limit)
    query = (
        db.select(*LISTED)
        .join(Workflow, Workflow.id == Run.workflow_id)
        .join(Version, Version.id == Run.version_id)
        .where(Run.id.in_(found.ids))
        .order_by(Run.id.desc())
    )
    return [RunLine(**row._mapping) for row in db.session.execute(query)], found
