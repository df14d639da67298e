"""What mail services told of mails, and the addresses that take no mails any more."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from core.storage.columns import Instant
from core.storage.db import db
from core.storage.mail import Mail
from core.storage.workspace import Workspace


class MailEvent(db.Model):  # type: ignore[name-defined,misc]
    """One thing that happened to one mail, told once or often, and taken once."""

    __table_args__ = (UniqueConstraint("mail_id", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    mail_id: Mapped[int] = mapped_column(ForeignKey(Mail.id))
    key: Mapped[str]  # the service's own name for it
    kind: Mapped[str]  # delayed | delivered | dropped | bounced | complained
    email: Mapped[str]
    reason: Mapped[str]
    at: Mapped[datetime] = mapped_column(Instant)

    @classmethod
    def of_mail(cls, mail_id: int, *, limit: int = 50) -> "list[MailEvent]":
        """What is known of a mail, newest first."""
        query = select(cls).where(cls.mail_id == mail_id).order_by(cls.at.desc(), cls.id.desc())
        return list(db.session.scalars(query.limit(limit)))


class MarkedAddress(db.Model):  # type: ignore[name-defined,misc]
    """An address to which the workspace sends nothing until somebody takes the mark away."""

    __table_args__ = (
        UniqueConstraint("workspace_id", "email"),
        Index("ix_marked_address_workspace", "workspace_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey(Workspace.id))
    email: Mapped[str]  # in small letters
    kind: Mapped[str]  # bounced | complained | dropped
    reason: Mapped[str]  # what the service said
    connection: Mapped[str]
    mail_id: Mapped[int | None]  # which may be forgotten by now
    marked_at: Mapped[datetime] = mapped_column(Instant)

    @classmethod
    def of_workspace(
        cls, workspace_id: int, *, text: str = "", before: int | None = None, limit: int = 50
    ) -> "list[MarkedAddress]":
        """Marked addresses, newest first; `text` is looked for in the address."""
        query = select(cls).where(cls.workspace_id == workspace_id)
        if before is not None:
            query = query.where(cls.id < before)
        if text:
            query = query.where(cls.email.icontains(text, autoescape=True))
        return list(db.session.scalars(query.order_by(cls.id.desc()).limit(limit)))

    @classmethod
    def among(cls, workspace_id: int, emails: Collection[str]) -> "set[str]":
        """Which of these addresses are marked, in small letters."""
        small = {email.lower() for email in emails}
        query = select(cls.email).where(cls.workspace_id == workspace_id, cls.email.in_(small))
        return set(db.session.scalars(query))
