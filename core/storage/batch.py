"""Batches: many runs of one workflow, one for each item of a list."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.storage.columns import Instant, Json, JsonBlob
from core.storage.db import db
from core.storage.workflow import Version, Workflow
from core.storage.workspace import Workspace


class Batch(db.Model):  # type: ignore[name-defined,misc]
    """What a step planned for a list; how far it is, its runs tell until it has ended."""

    __table_args__ = (
        UniqueConstraint("run_id", "path"),
        Index("ix_batch_workspace", "workspace_id", "id"),
        Index("ix_batch_state", "state", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey(Workspace.id))
    workflow_id: Mapped[int] = mapped_column(ForeignKey(Workflow.id))
    version_id: Mapped[int] = mapped_column(ForeignKey(Version.id))
    mode: Mapped[str] = mapped_column(default="live")
    run_id: Mapped[str | None]  # the run whose step planned it; none: a person ran items again
    path: Mapped[str | None]
    started_by: Mapped[str] = mapped_column(default="")
    depth: Mapped[int] = mapped_column(default=0)
    chain: Mapped[int] = mapped_column(default=0)
    timezone: Mapped[str] = mapped_column(default="UTC")
    state: Mapped[str] = mapped_column(default="running")  # running | paused | done | cancelled
    total: Mapped[int]
    concurrency: Mapped[int]
    starts_at: Mapped[datetime] = mapped_column(Instant)
    interval: Mapped[float | None]  # seconds between two items
    when_finished: Mapped[str | None]  # a workflow's name
    finished_run_id: Mapped[str | None]  # the run of that workflow
    unfilled: Mapped[int]  # items that have no run yet
    counts: Mapped[Any | None] = mapped_column(Json)  # its runs by how they ended, once all have
    again_id: Mapped[str | None]  # the batch that took up what failed in this one
    again_of: Mapped[str | None]
    changed_by: Mapped[str] = mapped_column(default="")  # who paused or cancelled it
    created_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    idle_ms: Mapped[int] = mapped_column(BigInteger, default=0)  # it had ended, and went on


class BatchPart(db.Model):  # type: ignore[name-defined,misc]
    """Some items of a batch that have no runs yet; deleted in the transaction that writes them."""

    batch_id: Mapped[str] = mapped_column(ForeignKey("batch.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    first: Mapped[int]  # the index of its first item
    given: Mapped[Any] = mapped_column(JsonBlob)  # what each of their runs gets
