"""Bulk actions: the same done to many runs, and how far that is."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from core.storage.columns import Instant, Json, new_id
from core.storage.db import db
from core.storage.workspace import Workspace


class BulkAction(db.Model):  # type: ignore[name-defined,misc]
    """What somebody wants done to many runs; the counts change with the items, or not at all."""

    __table_args__ = (
        Index("ix_bulk_action_workspace", "workspace_id", "id"),
        Index("ix_bulk_action_ended", "ended_at", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    workspace_id: Mapped[int] = mapped_column(ForeignKey(Workspace.id))
    kind: Mapped[str]  # cancel | rerun | retry
    on_published: Mapped[bool] = mapped_column(default=False)  # retry on what is live now
    state: Mapped[str]  # gathering | running | stopped | done
    wanted: Mapped[Any | None] = mapped_column(Json)  # the filter; none: the runs were chosen
    words: Mapped[str] = mapped_column(default="")  # which runs, as a person reads it
    gathered: Mapped[str] = mapped_column(default="")  # the last run that was looked at
    total: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    skipped: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    reasons: Mapped[Any | None] = mapped_column(Json)  # why runs were skipped: {words: count}
    started_by: Mapped[str] = mapped_column(default="")
    stopped_by: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)


class BulkItem(db.Model):  # type: ignore[name-defined,misc]
    """One run of a bulk action, and what became of it."""

    __table_args__ = (Index("ix_bulk_item_state", "action_id", "state", "run_id"),)

    action_id: Mapped[str] = mapped_column(ForeignKey("bulk_action.id"), primary_key=True)
    run_id: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(default="waiting")  # waiting | asked | done | …
    reason: Mapped[str | None]
    new_run_id: Mapped[str | None]
