"""Mail templates: subject, text and HTML with placeholders."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from core.engine.mail_templates import MailContent
from core.storage.columns import Instant, Json
from core.storage.db import db
from core.storage.workspace import Workspace


class MailTemplate(db.Model):  # type: ignore[name-defined,misc]
    """One template; steps name it by `name`, which never changes."""

    __table_args__ = (UniqueConstraint("workspace_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey(Workspace.id))
    name: Mapped[str]
    label: Mapped[str]
    subject: Mapped[str]
    text: Mapped[str]
    html: Mapped[str]
    samples: Mapped[Any] = mapped_column(Json)  # a value for each placeholder, for previews
    created_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)
    updated_by: Mapped[str] = mapped_column(default="")

    @property
    def content(self) -> MailContent:
        """Its parts as plain values."""
        return MailContent(self.subject, self.text, self.html)

    @classmethod
    def named(cls, workspace_id: int, name: str) -> "MailTemplate | None":
        """The template of that name."""
        query = select(cls).where(cls.workspace_id == workspace_id, cls.name == name)
        found: MailTemplate | None = db.session.scalar(query)
        return found

    @classmethod
    def of_workspace(cls, workspace_id: int) -> "list[MailTemplate]":
        """All templates, by label."""
        query = select(cls).where(cls.workspace_id == workspace_id)
        return list(db.session.scalars(query.order_by(cls.label, cls.id)))
