"""Reminders: mails written for later with the question, and dropped when it is answered before."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Row, delete, select, update

from core.engine.states import FINAL
from core.storage.db import read_connection, write_connection
from core.storage.mail import Mail
from core.storage.run import Run, Wait

RUN, WAIT, MAIL = Run.__table__, Wait.__table__, Mail.__table__
KIND = "reminder"  # the mail's origin


def key(run_id: str, round_: int, path: str, number: int) -> str:
    """Under what the reminder of one person is kept."""
    return f"{_stem(run_id, path, round_)}{number}"


def dropped(row: Row[Any]) -> bool:
    """Whether this mail is a reminder of what nobody asks any more; then it is gone."""
    if row.origin != KIND or _is_asked(row.run_id, row.key):
        return False
    with write_connection() as connection:
        connection.execute(delete(MAIL).where(MAIL.c.id == row.id))
    return True


def forget(connection: Connection, run_id: str, path: str) -> None:
    """Drop the reminders of a question that is answered, or asked anew, in whatever round."""
    queued = MAIL.c.run_id == run_id, MAIL.c.origin == KIND, MAIL.c.sent_at.is_(None)
    of_it = MAIL.c.key.startswith(_stem(run_id, path), autoescape=True)
    connection.execute(delete(MAIL).where(*queued, of_it))


def carry(
    connection: Connection, run_id: str, paths: Iterable[str], before: int, after: int
) -> None:
    """Keep the reminders of questions that are still asked in another round."""
    stems = [[_stem(run_id, path, round_) for round_ in (before, after)] for path in paths]
    mine = MAIL.c.run_id == run_id, MAIL.c.origin == KIND, MAIL.c.sent_at.is_(None)
    for row in connection.execute(select(MAIL.c.id, MAIL.c.key).where(*mine)).all():
        for old, new in stems:
            if row.key.startswith(old):
                renamed = {"key": new + row.key.removeprefix(old)}
                connection.execute(update(MAIL).where(MAIL.c.id == row.id).values(**renamed))


def _is_asked(run_id: str, mail_key: str) -> bool:
    is_open = WAIT.c.run_id == run_id, WAIT.c.answered_at.is_(None), WAIT.c.kind == "approval"
    query = (
        select(WAIT.c.path, WAIT.c.round)
        .join(RUN, (RUN.c.id == WAIT.c.run_id) & (RUN.c.round == WAIT.c.round))
        .where(*is_open, RUN.c.state.not_in(tuple(FINAL)))
    )
    with read_connection() as connection:
        found = connection.execute(query).all()
    return any(mail_key.startswith(_stem(run_id, row.path, row.round)) for row in found)


def _stem(run_id: str, path: str, round_: int | None = None) -> str:
    """What the keys of a question's reminders begin with, in one round or in all."""
    its = f"{run_id}:{path}:reminder:"
    return its if round_ is None else f"{its}{round_}:"
