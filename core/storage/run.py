"""Runs and what is written about them: segments, step runs and waits."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, TextClause, UniqueConstraint, text, update
from sqlalchemy.orm import Mapped, mapped_column

from core.engine.errors import StateConflict
from core.engine.states import FINAL, RunState, states_before
from core.storage.columns import Instant, Json, JsonBlob, new_id
from core.storage.db import db
from core.storage.workflow import Version, Workflow
from core.storage.workspace import Workspace

# Runs without any of this don't pay for these indexes, nor do those that have ended.
WAKES = text("wake_at IS NOT NULL")
LEASED = text("lease_until IS NOT NULL")
WITH_REASON = text("reason IS NOT NULL")
BY_SCHEDULE = text("schedule_id IS NOT NULL")
BY_LIMIT = text("limit_key IS NOT NULL")
IN_LINE = text("line IS NOT NULL")
BY_BATCH = text("batch_id IS NOT NULL")


def _partly(name: str, *columns: str, where: TextClause) -> Index:
    return Index(name, *columns, sqlite_where=where, postgresql_where=where)


class Run(db.Model):  # type: ignore[name-defined,misc]
    """One journey of one input through one version."""

    __table_args__ = (
        UniqueConstraint("workflow_id", "origin_key"),
        UniqueConstraint("parent_run_id", "parent_path"),
        # Where a run came from never changes, so that it costs nothing to have it at hand.
        Index("ix_run_workspace_origin", "workspace_id", "id", "origin", "mode"),
        Index("ix_run_workflow_id", "workflow_id", "id"),
        Index("ix_run_workspace_state", "workspace_id", "state", "id"),
        Index("ix_run_state_rung_at", "state", "rung_at"),
        Index(
            "ix_run_state_schedule",
            "state",
            "schedule_id",
            "due_at",
            sqlite_where=BY_SCHEDULE,
            postgresql_where=BY_SCHEDULE,
        ),
        _partly("ix_run_wake_at", "state", "wake_at", where=WAKES),
        _partly("ix_run_lease", "state", "lease_until", where=LEASED),
        _partly("ix_run_workspace_reason", "workspace_id", "reason", "id", where=WITH_REASON),
        _partly("ix_run_limit", "workflow_id", "limit_key", "state", where=BY_LIMIT),
        _partly("ix_run_line", "line", "workflow_id", "limit_key", "id", where=IN_LINE),
        _partly("ix_run_batch", "batch_id", "state", "line", where=BY_BATCH),
        _partly("ix_run_batch_line", "batch_id", "line", "batch_index", where=BY_BATCH),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    workspace_id: Mapped[int] = mapped_column(ForeignKey(Workspace.id))
    workflow_id: Mapped[int] = mapped_column(ForeignKey(Workflow.id))
    version_id: Mapped[int] = mapped_column(ForeignKey(Version.id))
    mode: Mapped[str] = mapped_column(default="live")  # live | draft | test
    origin: Mapped[str]  # endpoint | schedule | thing | workflow | manual | test
    origin_key: Mapped[str | None]
    started_by: Mapped[str] = mapped_column(default="")  # in words: "key Web shop", "Ana"
    parent_run_id: Mapped[str | None]
    parent_path: Mapped[str | None]
    depth: Mapped[int] = mapped_column(default=0)  # runs that started one another, URLs included
    chain: Mapped[int] = mapped_column(default=0)  # runs that planned one another
    batch_id: Mapped[str | None]
    batch_index: Mapped[int | None]  # whose item of the batch's list it is
    limit_key: Mapped[str | None]  # with whom it shares its workflow's places
    line: Mapped[str | None]  # where it waits for its turn
    lane: Mapped[str] = mapped_column(default="io")
    state: Mapped[str] = mapped_column(default=RunState.QUEUED)
    reason: Mapped[str | None]
    title: Mapped[str] = mapped_column(default="")
    input: Mapped[Any] = mapped_column(Json)  # the whole `trigger` of the scope
    response: Mapped[Any | None] = mapped_column(Json)  # {body, status, headers, content_type}
    error: Mapped[Any | None] = mapped_column(Json)  # the error object of the contract
    ticket_hash: Mapped[str | None]
    fence: Mapped[int] = mapped_column(default=0)
    seq: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None] = mapped_column(Instant)
    worker_id: Mapped[str | None]
    wake_at: Mapped[datetime | None] = mapped_column(Instant)
    deaths: Mapped[int] = mapped_column(default=0)
    round: Mapped[int] = mapped_column(default=1)
    cancel_requested_at: Mapped[datetime | None] = mapped_column(Instant)
    cancelled_by: Mapped[str | None]  # the person; nobody if another run or a setting did
    running_ms: Mapped[int] = mapped_column(default=0)
    steps_used: Mapped[int] = mapped_column(default=0)
    timezone: Mapped[str] = mapped_column(default="UTC")
    due_at: Mapped[datetime | None] = mapped_column(Instant)
    schedule_id: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(Instant)
    started_at: Mapped[datetime | None] = mapped_column(Instant)
    finished_at: Mapped[datetime | None] = mapped_column(Instant)
    rung_at: Mapped[datetime | None] = mapped_column(Instant)
    idle_ms: Mapped[int] = mapped_column(
        BigInteger, default=0
    )  # it lay failed, until taken up again

    @property
    def is_final(self) -> bool:
        """Whether nothing can change any more."""
        return self.state in FINAL

    def move_to(self, target: RunState, **values: Any) -> None:
        """Change state, if the table of moves still allows it. The caller commits."""
        moved: Any = db.session.execute(
            update(Run)
            .where(Run.id == self.id, Run.state.in_(states_before(target)))
            .values(state=target, **values)
        )
        if moved.rowcount != 1:
            raise StateConflict(f"run {self.id} can no longer become {target}")


class Segment(db.Model):  # type: ignore[name-defined,misc]
    """Journal entries of a run that were committed together; append-only."""

    run_id: Mapped[str] = mapped_column(ForeignKey("run.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    fence: Mapped[int]
    at: Mapped[datetime] = mapped_column(Instant)
    entries: Mapped[Any] = mapped_column(JsonBlob)


class Payload(db.Model):  # type: ignore[name-defined,misc]
    """A large value that entries name; written once, with the first segment that has it."""

    run_id: Mapped[str] = mapped_column(ForeignKey("run.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[Any] = mapped_column(JsonBlob)


class StepRun(db.Model):  # type: ignore[name-defined,misc]
    """One step's effect, or its failure, in one round of a run."""

    run_id: Mapped[str] = mapped_column(ForeignKey("run.id"), primary_key=True)
    path: Mapped[str] = mapped_column(primary_key=True)
    round: Mapped[int] = mapped_column(primary_key=True)
    step_id: Mapped[str]
    type: Mapped[str]
    effect_class: Mapped[str]
    state: Mapped[str]  # started | succeeded | failed | unknown | skipped
    attempt: Mapped[int] = mapped_column(default=1)
    attempts: Mapped[Any | None] = mapped_column(Json)  # [{at, error, wait_ms, ms}] of failed ones
    key: Mapped[str]
    inputs: Mapped[Any | None] = mapped_column(Json)
    output: Mapped[Any | None] = mapped_column(Json)
    error: Mapped[Any | None] = mapped_column(Json)
    fence: Mapped[int]
    started_at: Mapped[datetime] = mapped_column(Instant)
    finished_at: Mapped[datetime | None] = mapped_column(Instant)


class Wait(db.Model):  # type: ignore[name-defined,misc]
    """Something a sleeping run waits for; an answer that comes early is kept here."""

    __table_args__ = (Index("ix_wait_wake_at", "wake_at"),)

    run_id: Mapped[str] = mapped_column(ForeignKey("run.id"), primary_key=True)
    path: Mapped[str] = mapped_column(primary_key=True)
    round: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]  # time | call | approval | child | retry
    wake_at: Mapped[datetime | None] = mapped_column(Instant)
    token_hash: Mapped[str | None] = mapped_column(unique=True)
    payload: Mapped[Any | None] = mapped_column(Json)
    answered_at: Mapped[datetime | None] = mapped_column(Instant)
