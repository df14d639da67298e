"""Runs that failed for good and whom that is told; and through what openBuild sends its mails."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from core.storage.columns import Instant
from core.storage.db import db
from core.storage.user import User
from core.storage.workflow import Workflow
from core.storage.workspace import Workspace


class Failure(db.Model):  # type: ignore[name-defined,misc]
    """A live run that failed, written with its end; forgotten once everybody was told."""

    __table_args__ = (
        Index("ix_failure_workspace", "workspace_id", "id"),
        {"sqlite_autoincrement": True},  # an id is never given twice: people are told up to one
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey(Workspace.id))
    workflow_id: Mapped[int] = mapped_column(ForeignKey(Workflow.id))
    run_id: Mapped[str]
    at: Mapped[datetime] = mapped_column(Instant, index=True)


class FailureReader(db.Model):  # type: ignore[name-defined,misc]
    """Whether a member wants mails about failed runs, and up to which failure they have them.

    Of several schedulers the one that moves `told_until` on is the one that sends.
    """

    workspace_id: Mapped[int] = mapped_column(ForeignKey(Workspace.id), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id), primary_key=True)
    is_wanted: Mapped[bool | None]  # nothing: as the role has it
    told_until: Mapped[int] = mapped_column(default=0)
    told_at: Mapped[datetime | None] = mapped_column(Instant)


class MailSettings(db.Model):  # type: ignore[name-defined,misc]
    """Through which connection openBuild sends its own mails; empty keeps them here."""

    workspace_id: Mapped[int] = mapped_column(ForeignKey(Workspace.id), primary_key=True)
    connection: Mapped[str] = mapped_column(default="")
