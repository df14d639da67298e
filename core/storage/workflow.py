"""Workflows, their drafts with every change made to them, and their published versions."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.engine.definition import Definition
from core.storage.columns import Instant, Json
from core.storage.db import db
from core.storage.workspace import Workspace


class Workflow(db.Model):  # type: ignore[name-defined,misc]
    """What an author builds and names; `draft` is its editable definition."""

    __table_args__ = (UniqueConstraint("workspace_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey(Workspace.id))
    name: Mapped[str]
    label: Mapped[str]
    folder: Mapped[str] = mapped_column(default="")
    color: Mapped[str] = mapped_column(default="")
    description: Mapped[str] = mapped_column(default="")
    is_enabled: Mapped[bool] = mapped_column(default=True)
    draft: Mapped[Any] = mapped_column(Json)
    revision: Mapped[int] = mapped_column(default=1)
    published_revision: Mapped[int | None]
    published_id: Mapped[
        int | None
    ]  # the version that is live; no key: the two point at each other
    created_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)
    updated_by: Mapped[str] = mapped_column(default="")
    deleted_at: Mapped[datetime | None] = mapped_column(Instant)

    @property
    def definition(self) -> Definition:
        """The draft as frozen values."""
        return Definition.from_json(self.draft)

    @property
    def published(self) -> "Version | None":
        """The version that is live."""
        return db.session.get(Version, self.published_id) if self.published_id else None

    @property
    def is_draft_changed(self) -> bool:
        """Whether the draft differs from what is live."""
        return self.published_revision != self.revision

    @classmethod
    def named(cls, workspace_id: int, name: str) -> "Workflow | None":
        """The workflow of that name, unless deleted."""
        same = cls.workspace_id == workspace_id, cls.name == name
        query = db.select(cls).where(*same, cls.deleted_at.is_(None))
        found: Workflow | None = db.session.scalar(query)
        return found

    @classmethod
    def of_workspace(cls, workspace_id: int) -> "list[Workflow]":
        """All workflows that are not deleted, by label."""
        query = db.select(cls).where(cls.workspace_id == workspace_id, cls.deleted_at.is_(None))
        return list(db.session.scalars(query.order_by(cls.label, cls.id)))


class Version(db.Model):  # type: ignore[name-defined,misc]
    """A frozen definition: published under a number, or a snapshot of a draft without one."""

    __table_args__ = (UniqueConstraint("workflow_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    workflow_id: Mapped[int] = mapped_column(ForeignKey("workflow.id"))
    number: Mapped[int | None]
    revision: Mapped[int]
    content: Mapped[Any] = mapped_column(Json)
    note: Mapped[str] = mapped_column(default="")
    accepted: Mapped[Any | None] = mapped_column(Json)  # warnings, with who, when and why
    created_at: Mapped[datetime] = mapped_column(Instant)
    created_by: Mapped[str] = mapped_column(default="")

    @property
    def definition(self) -> Definition:
        """The content as frozen values."""
        return Definition.from_json(self.content)

    @classmethod
    def numbered(cls, workflow_id: int, number: int) -> "Version | None":
        """The published version of that number."""
        query = db.select(cls).where(cls.workflow_id == workflow_id, cls.number == number)
        found: Version | None = db.session.scalar(query)
        return found

    @classmethod
    def of_workflow(cls, workflow_id: int) -> "list[Version]":
        """All published versions, newest first."""
        query = db.select(cls).where(cls.workflow_id == workflow_id, cls.number.is_not(None))
        return list(db.session.scalars(query.order_by(cls.number.desc())))


class DraftChange(db.Model):  # type: ignore[name-defined,misc]
    """One change of a draft with its inverse: undo and redo are walks over these."""

    __table_args__ = (Index("ix_draft_change_workflow_position", "workflow_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    workflow_id: Mapped[int] = mapped_column(ForeignKey("workflow.id"))
    position: Mapped[int]  # in the line of changes; undone ones are cut off by a new change
    operation: Mapped[Any] = mapped_column(Json)
    inverse: Mapped[Any] = mapped_column(Json)
    is_undone: Mapped[bool] = mapped_column(default=False)
    changed_by: Mapped[str] = mapped_column(default="")
    changed_at: Mapped[datetime] = mapped_column(Instant)
