"""The outbox: every mail is written here before it leaves, once under its key, and may stay."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, select, update

from core import clock, config
from core.engine import wording
from core.engine.mail_composing import plain_text
from core.engine.mail_messages import MailFailed, OutgoingMail
from core.engine.mail_templates import MailContent
from core.runtime import mailing
from core.storage.columns import database_now, new_id
from core.storage.db import db, insert_missing, read_connection, transaction, write_connection
from core.storage.mail import (
    FAILED,
    KEPT,
    PREVIEW,
    QUEUED,
    SENDING,
    SENT,
    Mail,
    columns_of,
    message_of,
)
from core.storage.mail_event import MailEvent, MarkedAddress
from core.storage.mail_template import MailTemplate

MAIL = Mail.__table__
TEMPLATE = MailTemplate.__table__
UNSYNCED = {"synchronize_session": False}
UNCLEAR_AFTER = timedelta(minutes=10)  # beyond it nobody can still be sending


class NotSendable(Exception):
    """The mail is on its way or was sent; it goes out once."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a mail comes from: the key it is sent under, and what the page says."""

    workspace_id: int
    key: str
    kind: str = "run"  # run | failures | test | reminder
    workflow_id: int | None = None
    run_id: str | None = None
    step: str = ""


class Outbox:
    """How one step of one run sends mails."""

    def __init__(self, origin: Origin, *, seconds: float | None = None) -> None:
        self.origin = origin
        self.seconds = seconds

    def template(self, name: str) -> MailContent:
        """The mail template of that name; raises MailFailed."""
        columns = TEMPLATE.c.subject, TEMPLATE.c.text, TEMPLATE.c.html
        here = TEMPLATE.c.workspace_id == self.origin.workspace_id, TEMPLATE.c.name == name
        with read_connection() as connection:
            row = connection.execute(select(*columns).where(*here)).one_or_none()
        if row is None:
            raise MailFailed(f"there is no mail template “{name}”; make it under Mail templates")
        return MailContent(row.subject, row.text, row.html)

    def send(self, mail: OutgoingMail, *, connection: str | None = None) -> str:
        """Send it through the named connection, or keep it; returns its Message-ID.

        What was kept or sent under this key already is not kept or sent again, and a second
        attempt sends what the first one wrote down.
        """
        row = write(self.origin, mail, connection or "", SENDING if connection else KEPT)
        if row.state in (KEPT, SENT):
            return str(row.message_id)
        _send(row, connection or "", seconds=self.seconds)
        return str(row.message_id)


def write(
    origin: Origin, mail: OutgoingMail, connection: str, state: str, *, at: datetime | None = None
) -> Row[Any]:
    """The outbox's row under this key, made if there is none yet; queued ones leave `at` a time."""
    sender = mailing.sender_of(origin.workspace_id, connection) if connection else None
    named = replace(mail, message_id=mailing.message_id(origin.key), at=clock.now(), sender=sender)
    values = {
        "workspace_id": origin.workspace_id,
        "key": origin.key,
        "origin": origin.kind,
        "workflow_id": origin.workflow_id,
        "run_id": origin.run_id,
        "step": origin.step,
        "connection": connection,
        "preview": wording.shorten(mail.text or plain_text(mail.html), PREVIEW),
        "state": state,
        "error": "",
        "outcome": "",
        "attempts": 0,
        "next_try_at": (at or database_now()) if state == QUEUED else None,
        **columns_of(named),
    }
    here = MAIL.c.workspace_id == origin.workspace_id, MAIL.c.key == origin.key
    with write_connection(is_flushed=False) as database:
        insert_missing(database, MAIL, values)
        return database.execute(select(MAIL).where(*here)).one()


def send_by_hand(mail: Mail, connection: str) -> None:
    """Send a kept or failed mail now; raises NotSendable, or MailFailed with the reason kept."""
    workspace_id, mail_id = mail.workspace_id, mail.id
    stale = (MAIL.c.state == SENDING) & (MAIL.c.created_at < clock.now() - UNCLEAR_AFTER)
    free = MAIL.c.state.in_((KEPT, FAILED)) | stale
    sender = mailing.sender_of(workspace_id, connection)
    with transaction() as session:
        taken = session.execute(
            update(MAIL)
            .where(MAIL.c.id == mail_id, free)
            .values(
                state=SENDING,
                connection=connection,
                sender=[sender.email, sender.name] if sender else None,
            )
            .returning(MAIL)
        ).one_or_none()
    if taken is None:
        raise NotSendable("This mail has been sent, or is being sent just now.")
    try:
        _send(taken, connection)
    finally:
        db.session.refresh(mail)


def send_test(workspace_id: int, mail: OutgoingMail, connection: str, *, seconds: float) -> int:
    """Send a trial mail, or keep it; returns its id in the outbox; raises MailFailed."""
    origin = Origin(workspace_id, f"test:{new_id()}", kind="test")
    Outbox(origin, seconds=seconds).send(mail, connection=connection or None)
    here = MAIL.c.workspace_id == workspace_id, MAIL.c.key == origin.key
    with read_connection() as database:
        return int(database.execute(select(MAIL.c.id).where(*here)).scalar_one())


def forget_old() -> None:
    """Forget mails as old as the runs that are forgotten."""
    before = clock.now() - config.current().keep_runs
    old = MAIL.c.created_at < before, MAIL.c.state != QUEUED
    with transaction() as session:
        forgotten = select(MAIL.c.id).where(*old)
        session.execute(delete(MailEvent).where(MailEvent.mail_id.in_(forgotten)))
        marked = update(MarkedAddress).where(MarkedAddress.mail_id.in_(forgotten))
        session.execute(marked.values(mail_id=None), execution_options=UNSYNCED)
        session.execute(delete(MAIL).where(*old))


def _send(row: Row[Any], connection: str, *, seconds: float | None = None) -> None:
    """Send what the row holds, and write down how that went; raises MailFailed."""
    try:
        mailing.deliver(row.workspace_id, message_of(row), connection, seconds=seconds)
    except MailFailed as failure:
        note(row.id, state=FAILED, error=failure.message)
        raise
    note(row.id, state=SENT, error="", sent_at=clock.now(), next_try_at=None)


def note(mail_id: int, **values: Any) -> None:
    """Write down how sending went."""
    change = update(MAIL).where(MAIL.c.id == mail_id)
    with write_connection(is_flushed=False) as database:
        database.execute(change.values(attempts=MAIL.c.attempts + 1, **values))
