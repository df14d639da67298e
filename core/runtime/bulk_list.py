"""Bulk actions as pages show them: how far each is, and what became of which run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from core.runtime.run_list import LISTED, RunLine
from core.storage.bulk_action import BulkAction, BulkItem
from core.storage.db import db
from core.storage.run import Run
from core.storage.workflow import Version, Workflow

GROUPS = ("failed", "skipped", "done", "waiting")
OPEN = ("waiting", "asked")
ENOUGH = 5  # runs from which on the rest can be foretold
MOST_ITEMS = 50
MOST_FOLLOWED = 5_000  # new or retried runs whose states are counted


@dataclass(frozen=True, slots=True)
class BulkView:
    """One bulk action, and how the runs stand that it started or took up."""

    action: BulkAction
    now: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_over(self) -> bool:
        """Whether nothing more is done."""
        return self.action.ended_at is not None

    @property
    def is_followed(self) -> bool:
        """Whether the page can still change."""
        return not self.is_over or any(self.now.get(s) for s in ("queued", "running"))

    @property
    def counts(self) -> Mapping[str, int]:
        """How many runs stand in which group."""
        action = self.action
        known = {"done": action.done, "skipped": action.skipped, "failed": action.failed}
        return {**known, "waiting": max(action.total - self.ended, 0)}

    @property
    def ended(self) -> int:
        """About how many runs it is known what became of them."""
        return self.action.done + self.action.skipped + self.action.failed

    @property
    def shown(self) -> str:
        """The group that a person wants to see first."""
        order = ("failed", "done", "skipped", "waiting")
        return next((group for group in order if self.counts[group]), "done")

    def left(self, at: datetime) -> timedelta | None:
        """How long it still takes, as far as that can be foretold."""
        spent = at - self.action.created_at
        if self.action.state != "running" or self.ended < ENOUGH or spent <= timedelta():
            return None
        return spent / self.ended * (self.action.total - self.ended)


@dataclass(frozen=True, slots=True)
class ItemLine:
    """One run of an action; the run may be forgotten by now."""

    item: BulkItem
    run: RunLine | None
    new_run: RunLine | None


def listed(workspace_id: int, *, before: str | None = None, limit: int = 30) -> list[BulkView]:
    """The newest bulk actions of a workspace, older than `before`."""
    query = select(BulkAction).where(BulkAction.workspace_id == workspace_id)
    if before:
        query = query.where(BulkAction.id < before)
    found = db.session.scalars(query.order_by(BulkAction.id.desc()).limit(limit))
    return [BulkView(action) for action in found]


def find(workspace_id: int, action_id: str) -> BulkView | None:
    """One bulk action, if it belongs to the workspace."""
    here = BulkAction.workspace_id == workspace_id, BulkAction.id == action_id
    action = db.session.scalar(select(BulkAction).where(*here))
    return BulkView(action, _states(action)) if action is not None else None


def open_actions(workspace_id: int) -> Sequence[BulkAction]:
    """The bulk actions of a workspace that have not ended, newest first."""
    here = BulkAction.workspace_id == workspace_id, BulkAction.ended_at.is_(None)
    query = select(BulkAction).where(*here).order_by(BulkAction.id.desc())
    return list(db.session.scalars(query.limit(MOST_ITEMS)))


def items(action_id: str, group: str, *, limit: int = MOST_ITEMS) -> list[ItemLine]:
    """The first runs of an action that stand so, the oldest first."""
    states = OPEN if group == "waiting" else (group,)
    query = select(BulkItem).where(BulkItem.action_id == action_id, BulkItem.state.in_(states))
    found = list(db.session.scalars(query.order_by(BulkItem.run_id).limit(limit)))
    lines = _lines([each for item in found for each in (item.run_id, item.new_run_id) if each])
    return [ItemLine(i, lines.get(i.run_id), lines.get(i.new_run_id or "")) for i in found]


def _lines(ids: Sequence[str]) -> dict[str, RunLine]:
    query = select(*LISTED).join(Workflow, Workflow.id == Run.workflow_id)
    query = query.join(Version, Version.id == Run.version_id).where(Run.id.in_(ids))
    return {row.id: RunLine(**row._mapping) for row in db.session.execute(query)}


def _states(action: BulkAction) -> dict[str, Any]:
    """How the runs stand that it started or took up; empty where they are too many to count."""
    if action.kind == "cancel" or action.done > MOST_FOLLOWED:
        return {}
    going = func.coalesce(BulkItem.new_run_id, BulkItem.run_id)
    query = select(Run.state, func.count()).select_from(BulkItem).join(Run, Run.id == going)
    query = query.where(BulkItem.action_id == action.id, BulkItem.state == "done")
    return {state: count for state, count in db.session.execute(query.group_by(Run.state))}
