"""Batches as pages show them: how far each is, how long it still takes, and what failed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from core.runtime import batches
from core.runtime.run_list import LISTED, RunLine
from core.storage.batch import Batch
from core.storage.db import db
from core.storage.run import Run
from core.storage.workflow import Version, Workflow

GROUPS = ("failed", "running", "waiting", *(word for word in batches.ENDED if word != "failed"))
ENOUGH = 5  # ended items from which on the rest can be foretold
MOST_ITEMS = 50


@dataclass(frozen=True, slots=True)
class BatchView:
    """One batch, its workflow, and how many of its items stand how."""

    batch: Batch
    workflow: Workflow
    version: int | None
    counts: Mapping[str, int]

    @property
    def ended(self) -> int:
        """How many items have ended."""
        return sum(self.counts[word] for word in batches.ENDED)

    @property
    def is_over(self) -> bool:
        """Whether nothing can change any more."""
        return self.batch.ended_at is not None

    @property
    def problem(self) -> str:
        """Why what was to follow was not started."""
        return str((self.batch.counts or {}).get("problem", ""))

    @property
    def shown(self) -> str:
        """The group of items that a person wants to see first."""
        return next((word for word in GROUPS if self.counts[word]), "done")

    def left(self, now: datetime) -> timedelta | None:
        """How long it still takes, as far as that can be foretold."""
        batch = self.batch
        if batch.state != "running" or batch.counts is not None:  # one that goes on tells nothing
            return None
        last = batch.starts_at + timedelta(seconds=(batch.interval or 0) * (batch.total - 1))
        until_last = max(last - now, timedelta())
        spent = now - batch.starts_at
        if self.ended < ENOUGH or spent <= timedelta():
            return until_last or None
        return max(until_last, spent / self.ended * (batch.total - self.ended))


def listed(workspace_id: int, *, before: str | None = None, limit: int = 30) -> list[BatchView]:
    """The newest batches of a workspace, older than the batch `before`."""
    query = _joined().where(Batch.workspace_id == workspace_id)
    if before:
        query = query.where(Batch.id < before)
    return _views(query.order_by(Batch.id.desc()).limit(limit))


def find(workspace_id: int, batch_id: str) -> BatchView | None:
    """One batch, if it belongs to the workspace."""
    here = Batch.workspace_id == workspace_id, Batch.id == batch_id
    return next(iter(_views(_joined().where(*here))), None)


def open_count(workspace_id: int) -> int:
    """How many batches of a workspace have not ended."""
    here = Batch.workspace_id == workspace_id, Batch.ended_at.is_(None)
    states = Batch.state.in_(("running", "paused", "cancelled"))
    return db.session.scalar(select(func.count(Batch.id)).where(*here, states)) or 0


def items(batch_id: str, group: str, *, limit: int = MOST_ITEMS) -> Sequence[tuple[int, RunLine]]:
    """The first runs of a batch that stand so, with their places in the list."""
    query = select(Run.batch_index, *LISTED).join(Workflow, Workflow.id == Run.workflow_id)
    query = query.join(Version, Version.id == Run.version_id)
    query = query.where(Run.batch_id == batch_id, *_standing(group))
    rows = db.session.execute(query.order_by(Run.batch_index).limit(limit))
    found = []
    for row in rows:
        values = dict(row._mapping)
        found.append((values.pop("batch_index"), RunLine(**values)))
    return found


def _standing(group: str) -> tuple[Any, ...]:
    is_not_run = func.coalesce(Run.reason, "") == "not_run"
    return {
        "failed": (Run.state == "failed",),
        "running": (Run.state.in_(("queued", "running", "waiting")), Run.line.is_(None)),
        "waiting": (Run.state == "waiting", Run.line.is_not(None)),
        "done": (Run.state == "succeeded", ~is_not_run),
        "skipped": (Run.state == "succeeded", is_not_run),
        "cancelled": (Run.state == "cancelled",),
    }[group]


def _joined() -> Any:
    query = select(Batch, Workflow, Version.number)
    query = query.join(Workflow, Workflow.id == Batch.workflow_id)
    return query.join(Version, Version.id == Batch.version_id)


def _views(query: Any) -> list[BatchView]:
    rows = list(db.session.execute(query))
    counts = batches.counts_of_all(db.session.connection(), [row[0] for row in rows])
    return [
        BatchView(batch, workflow, number, counts[batch.id]) for batch, workflow, number in rows
    ]
