"""The outbox: every mail that was kept, sent or given up, once."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from core.engine.mail_messages import MailAddress, OutgoingMail
from core.storage.columns import Instant, Json
from core.storage.db import db
from core.storage.workspace import Workspace

KEPT, SENDING, SENT, FAILED, QUEUED = "kept", "sending", "sent", "failed", "queued"
PREVIEW = 200  # characters


class Mail(db.Model):  # type: ignore[name-defined,misc]
    """One mail under one effect key: however often a step is carried out, it is here once."""

    __table_args__ = (
        UniqueConstraint("workspace_id", "key"),
        UniqueConstraint("workspace_id", "message_id"),
        Index("ix_mail_workspace", "workspace_id", "id"),
        Index("ix_mail_run", "run_id"),
        Index("ix_mail_due", "state", "next_try_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey(Workspace.id))
    key: Mapped[str]  # what it is sent under: "<run id>:<step path>", or openBuild's own
    message_id: Mapped[str]
    origin: Mapped[str]  # run | failures | test | reminder
    workflow_id: Mapped[int | None]
    run_id: Mapped[str | None]
    step: Mapped[str] = mapped_column(default="")  # as the page calls it
    connection: Mapped[str] = mapped_column(default="")  # its name; empty: kept here
    sender: Mapped[Any | None] = mapped_column(Json)
    recipients: Mapped[Any] = mapped_column(Json)  # {to, cc, bcc, reply_to: [[email, name], …]}
    to_line: Mapped[str]  # the same in words, to be listed and searched
    subject: Mapped[str]
    preview: Mapped[str]
    text: Mapped[str] = mapped_column(deferred=True)
    html: Mapped[str] = mapped_column(deferred=True)
    state: Mapped[str]
    error: Mapped[str] = mapped_column(default="")
    outcome: Mapped[str] = mapped_column(default="")  # the worst that its service told of it
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(Instant)
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
    next_try_at: Mapped[datetime | None] = mapped_column(Instant)  # of openBuild's own mails

    @property
    def message(self) -> OutgoingMail:
        """The mail as it was, or would be, sent."""
        return message_of(self)

    @classmethod
    def of_workspace(
        cls, workspace_id: int, *, text: str = "", before: int | None = None, limit: int = 50
    ) -> "list[Mail]":
        """Mails, newest first; `text` is looked for in who gets it, subject and text."""
        query = select(cls).where(cls.workspace_id == workspace_id)
        if before is not None:
            query = query.where(cls.id < before)
        if text:
            places = (cls.to_line, cls.subject, cls.text)
            query = query.where(or_(*(place.icontains(text, autoescape=True) for place in places)))
        return list(db.session.scalars(query.order_by(cls.id.desc()).limit(limit)))


def message_of(row: Any) -> OutgoingMail:
    """The mail that a row of the table holds."""
    people = {kind: _people(row.recipients.get(kind)) for kind in ("to", "cc", "bcc", "reply_to")}
    return OutgoingMail(
        **people,
        subject=row.subject,
        text=row.text,
        html=row.html,
        sender=MailAddress(*row.sender) if row.sender else None,
        message_id=row.message_id,
        at=row.created_at,
    )


def columns_of(mail: OutgoingMail) -> dict[str, Any]:
    """What a row of the table keeps of a mail."""
    kinds = {"to": mail.to, "cc": mail.cc, "bcc": mail.bcc, "reply_to": mail.reply_to}
    return {
        "message_id": mail.message_id,
        "sender": [mail.sender.email, mail.sender.name] if mail.sender else None,
        "recipients": {kind: [[p.email, p.name] for p in all_] for kind, all_ in kinds.items()},
        "to_line": ", ".join(person.written for person in (*mail.to, *mail.cc, *mail.bcc)),
        "subject": mail.subject,
        "text": mail.text,
        "html": mail.html,
        "created_at": mail.at,
    }


def _people(rows: Any) -> tuple[MailAddress, ...]:
    return tuple(MailAddress(*row) for row in rows or ())
