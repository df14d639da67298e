"""Calls that did not become runs, and why: the newest few hundred of each workflow."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from core.storage.columns import Instant
from core.storage.db import db
from core.storage.workflow import Workflow

KEPT = 200


class RefusedCall(db.Model):  # type: ignore[name-defined,misc]
    """One refusal; `times` counts the like ones that came too quickly to be written."""

    __table_args__ = (Index("ix_refused_call_workflow", "workflow_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    workflow_id: Mapped[int] = mapped_column(ForeignKey(Workflow.id))
    mode: Mapped[str]  # live | draft
    at: Mapped[datetime] = mapped_column(Instant)
    status: Mapped[int]
    code: Mapped[str]
    reason: Mapped[str]  # for the author: it may say more than the caller was told
    method: Mapped[str]
    remote_address: Mapped[str]
    times: Mapped[int] = mapped_column(default=1)

    @classmethod
    def of_workflow(cls, workflow_id: int) -> "list[RefusedCall]":
        """What is kept, newest first."""
        query = select(cls).where(cls.workflow_id == workflow_id).order_by(cls.id.desc())
        return list(db.session.scalars(query.limit(KEPT)))

    @classmethod
    def forget_older(cls, workflow_id: int) -> None:
        """Keep only the newest. The caller commits."""
        mine = select(cls.id).where(cls.workflow_id == workflow_id).order_by(cls.id.desc())
        oldest_kept = mine.offset(KEPT - 1).limit(1).scalar_subquery()
        db.session.execute(delete(cls).where(cls.workflow_id == workflow_id, cls.id < oldest_kept))
