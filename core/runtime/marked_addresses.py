"""Addresses that take no mails any more: marked by what services tell, unmarked by people."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select

from core import clock
from core.engine.mail_events import BOUNCED, COMPLAINED, DROPPED
from core.engine.mail_messages import MailFailed
from core.storage.db import insert_missing, read_connection, transaction, write_connection
from core.storage.mail_event import MarkedAddress

MARKED = MarkedAddress.__table__
MOST_NAMED = 3
WHY = {
    BOUNCED: "mails to it bounce",
    COMPLAINED: "its owner called a mail spam",
    DROPPED: "the mail service sends nothing to it",
}


@dataclass(frozen=True, slots=True)
class Mark:
    """Why an address is marked, and by which connection's service."""

    email: str
    kind: str
    reason: str
    connection: str
    at: datetime
    mail_id: int | None = None


def mark(database: Connection, workspace_id: int, marked: Mark) -> None:
    """Mark an address; the first reason stays. In the caller's transaction."""
    row = {
        "workspace_id": workspace_id,
        "email": marked.email.lower(),
        "kind": marked.kind,
        "reason": marked.reason,
        "connection": marked.connection,
        "mail_id": marked.mail_id,
        "marked_at": marked.at,
    }
    insert_missing(database, MARKED, row)


def mark_turned_away(workspace_id: int, emails: Collection[str], connection: str) -> None:
    """Mark those to whom the service said it sends nothing any more."""
    with write_connection(is_flushed=False) as database:
        for email in emails:
            reason = "refused when a mail was sent"
            marked = Mark(email, DROPPED, reason, connection, clock.now())
            mark(database, workspace_id, marked)


def check(workspace_id: int, recipients: Collection[str]) -> None:
    """Raises MailFailed when one of them is marked: nothing is sent to anybody then."""
    here = MARKED.c.workspace_id == workspace_id
    small = sorted({email.lower() for email in recipients})
    query = select(MARKED.c.email, MARKED.c.kind, MARKED.c.reason, MARKED.c.marked_at)
    with read_connection() as database:
        rows = database.execute(query.where(here, MARKED.c.email.in_(small))).all()
    if not rows:
        return
    first = rows[0]
    said = f" (“{first.reason}”)" if first.reason else ""
    if len(small) == 1:
        who = f"{first.email} takes no mails since {first.marked_at:%Y-%m-%d}"
        why = f"{WHY.get(first.kind, WHY[DROPPED])}{said}"
    else:
        named = ", ".join(row.email for row in rows[:MOST_NAMED])
        more = f" and {len(rows) - MOST_NAMED} more" if len(rows) > MOST_NAMED else ""
        who = f"{len(rows)} of {len(small)} recipients take no mails, and so nobody was sent this"
        why = f"{named}{more}"
    raise MailFailed(f"{who}: {why}. Somebody can unmark them under Connections, Marked addresses")


def unmark(marked: MarkedAddress) -> None:
    """Let mails go there again; a new event marks it anew."""
    with transaction() as session:
        session.execute(delete(MarkedAddress).where(MarkedAddress.id == marked.id))
