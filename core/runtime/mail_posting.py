"""openBuild's own mails: written with what they tell of, sent by whichever scheduler is first."""

import logging
import threading
from datetime import datetime, timedelta
from typing import Any

from flask import Flask, current_app
from sqlalchemy import Row, select, update
from sqlalchemy.exc import SQLAlchemyError

from core import clock
from core.connectors import connectors
from core.engine.mail_connector import MailConnector
from core.engine.mail_messages import MailFailed, OutgoingMail
from core.runtime import mailing, outbox, reminders
from core.runtime.outbox import MAIL, Origin
from core.storage.columns import database_now
from core.storage.connection import Connection
from core.storage.db import read_connection, transaction, write_connection
from core.storage.failure import MailSettings
from core.storage.mail import FAILED, KEPT, QUEUED, SENT, message_of

MOST_AT_ONCE = 20
MOST_ATTEMPTS = 6
CLAIMED_FOR = timedelta(minutes=2)  # longer than sending can take
FIRST_WAIT = timedelta(minutes=1)  # doubled after each attempt
IS_DUE = MAIL.c.state == QUEUED, MAIL.c.next_try_at <= database_now()
log = logging.getLogger(__name__)
_sending = threading.Lock()


class UnknownConnection(Exception):
    """There is no connection of that name that sends mails."""


def post(origin: Origin, mail: OutgoingMail, *, at: datetime | None = None) -> None:
    """Write one of openBuild's own mails: to be sent, or kept while there is no mailbox.

    One for later is only written when it can be sent.
    """
    connection = default_connection(origin.workspace_id)
    if connection or at is None:
        outbox.write(origin, mail, connection, QUEUED if connection else KEPT, at=at)


def mailboxes(workspace_id: int) -> list[Connection]:
    """The connections that send mails, by label."""
    return [
        connection
        for connection in Connection.of_workspace(workspace_id)
        if isinstance(connectors().get(connection.type), MailConnector)
    ]


def default_connection(workspace_id: int) -> str:
    """Through what openBuild sends its own mails: the chosen mailbox, else the oldest."""
    kinds = [key for key, kind in connectors().items() if isinstance(kind, MailConnector)]
    own = Connection.workspace_id == workspace_id, Connection.type.in_(kinds)
    with read_connection() as database:
        chosen = database.execute(
            select(MailSettings.connection).where(MailSettings.workspace_id == workspace_id)
        ).scalar_one_or_none()
        names = database.execute(select(Connection.name).where(*own).order_by(Connection.id))
        found = [str(name) for name in names.scalars()]
    if chosen == "" or not found:
        return ""
    return chosen if chosen in found else found[0]


def choose_connection(workspace_id: int, name: str) -> None:
    """Send openBuild's own mails through this mailbox from now on; empty keeps them here."""
    if name and name not in {mailbox.name for mailbox in mailboxes(workspace_id)}:
        raise UnknownConnection(name)
    with transaction() as session:
        row = session.get(MailSettings, workspace_id)
        if row is None:
            row = MailSettings(workspace_id=workspace_id)
            session.add(row)
        row.connection = name


def send_beside() -> None:
    """Send what waits in a thread of its own: a slow server holds up no other duty."""
    if not _due() or not _sending.acquire(blocking=False):
        return
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    threading.Thread(target=_send_apart, args=(app,), daemon=True, name="mails").start()


def _send_apart(app: Flask) -> None:
    try:
        with app.app_context():
            send_queued()
    except SQLAlchemyError:
        log.exception("openBuild's own mails could not be sent; it is tried again")
    finally:
        _sending.release()


def send_queued() -> int:
    """Send what waits to be sent; of many schedulers, each mail is taken by one."""
    return sum(_send(mail_id) for mail_id in _due())


def _due() -> list[int]:
    with read_connection() as database:
        query = select(MAIL.c.id).where(*IS_DUE).order_by(MAIL.c.next_try_at)
        return list(database.execute(query.limit(MOST_AT_ONCE)).scalars())


def _send(mail_id: int) -> int:
    row = _claim(mail_id)
    if row is None or reminders.dropped(row):
        return 0
    try:
        mailing.deliver(row.workspace_id, message_of(row), row.connection)
    except MailFailed as failure:
        _put_off(row, failure)
        return 0
    outbox.note(row.id, state=SENT, error="", sent_at=clock.now(), next_try_at=None)
    return 1


def _claim(mail_id: int) -> Row[Any] | None:
    """The mail, if nobody else has taken it meanwhile: then it is not due any more."""
    until = database_now() + CLAIMED_FOR.total_seconds()
    taken = update(MAIL).where(MAIL.c.id == mail_id, *IS_DUE).values(next_try_at=until)
    with write_connection() as database:
        return database.execute(taken.returning(MAIL)).one_or_none()


def _put_off(row: Row[Any], failure: MailFailed) -> None:
    log.warning("a mail of openBuild's own could not be sent", extra={"mail_id": row.id})
    is_over = row.attempts + 1 >= MOST_ATTEMPTS
    wait = FIRST_WAIT.total_seconds() * 2**row.attempts
    due = None if is_over else database_now() + wait
    state = FAILED if is_over else QUEUED
    outbox.note(row.id, state=state, error=failure.message, next_try_at=due)
