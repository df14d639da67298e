"""Schedules: when a published workflow runs by itself, and how far each has come."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.storage.columns import Instant, Json
from core.storage.db import db
from core.storage.workflow import Version, Workflow
from core.storage.workspace import Workspace


class Schedule(db.Model):  # type: ignore[name-defined,misc]
    """One entry of a published version's schedules, with its next due time."""

    __table_args__ = (UniqueConstraint("workflow_id", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey(Workspace.id))
    workflow_id: Mapped[int] = mapped_column(ForeignKey(Workflow.id))
    version_id: Mapped[int] = mapped_column(ForeignKey(Version.id))
    key: Mapped[str]
    recurrence: Mapped[Any] = mapped_column(Json)  # {"cron": …} or {"every": …}
    timezone: Mapped[str | None]  # none: the workspace's
    missed: Mapped[str] = mapped_column(default="run_once")  # skip | run_once | run_all
    overlap: Mapped[str] = mapped_column(default="skip")  # skip | queue | replace | allow
    input: Mapped[Any] = mapped_column(Json)  # as the parameters have it: the run's `trigger`
    starts_at: Mapped[datetime] = mapped_column(Instant)  # what `every` is counted from
    next_at: Mapped[datetime | None] = mapped_column(Instant, index=True)
    moved_from: Mapped[datetime | None] = mapped_column(Instant)  # the time that next_at stands for
    last_at: Mapped[datetime | None] = mapped_column(Instant)
    last_run_id: Mapped[str | None]
    missed_count: Mapped[int] = mapped_column(default=0)  # times that had no run of their own
    skipped_count: Mapped[int] = mapped_column(default=0)  # because the last run was still going
    is_paused: Mapped[bool] = mapped_column(default=False)
    paused_by: Mapped[str] = mapped_column(default="")
    paused_at: Mapped[datetime | None] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)

    @classmethod
    def of_workflow(cls, workflow_id: int) -> "list[Schedule]":
        """All schedules of a workflow, by key."""
        query = db.select(cls).where(cls.workflow_id == workflow_id).order_by(cls.key)
        return list(db.session.scalars(query))
