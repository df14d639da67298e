"""“Mail me when a run fails”: grouped by workflow, at most one an hour to each person."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update

from core.engine.mail_messages import MailAddress, MailFailed, read_address
from core.runtime import failure_letters, mail_posting
from core.runtime.failure_letters import MOST_WORKFLOWS, Group
from core.runtime.outbox import Origin
from core.storage.columns import database_now
from core.storage.db import db, insert_missing, read_connection, transaction
from core.storage.failure import Failure, FailureReader
from core.storage.membership import Membership, Role
from core.storage.run import Run
from core.storage.user import User
from core.storage.workflow import Workflow
from core.storage.workspace import Workspace

EVERY = timedelta(hours=1)
GATHER = timedelta(seconds=10)  # failures that come together are told together
KEPT = timedelta(hours=25)
MOST_RUNS = 5  # of one workflow, in one mail
WANTED_BY_DEFAULT = (Role.OWNER,)
FAILURE, READER = Failure.__table__, FailureReader.__table__
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reader:
    """A member who wants these mails."""

    user_id: int
    address: MailAddress
    told_until: int
    told_at: datetime | None


def tell() -> int:
    """Write the mails that are due; of many schedulers one does; returns how many."""
    newest, now = func.max(FAILURE.c.id).label("newest"), database_now()
    query = select(FAILURE.c.workspace_id, newest, now.label("now"))
    query = query.where(FAILURE.c.at < now - GATHER.total_seconds())
    with read_connection() as database:
        found = list(database.execute(query.group_by(FAILURE.c.workspace_id)))
    return sum(_tell_workspace(row.workspace_id, row.newest, row.now) for row in found)


def is_wanted(workspace_id: int, user: User, role: str) -> bool:
    """Whether this member gets these mails: as they chose, else as their role has it."""
    chosen = db.session.get(FailureReader, (workspace_id, user.id))
    if chosen is None or chosen.is_wanted is None:
        return role in WANTED_BY_DEFAULT
    return chosen.is_wanted


def choose(workspace_id: int, user: User, *, is_wanted: bool) -> None:
    """Remember whether this member wants these mails."""
    with transaction() as session:
        row = session.get(FailureReader, (workspace_id, user.id))
        if row is None:
            row = FailureReader(workspace_id=workspace_id, user_id=user.id, told_until=0)
            session.add(row)
        row.is_wanted = is_wanted


def forget_told() -> None:
    """Forget failures that everybody was told of."""
    with transaction() as session:
        session.execute(delete(FAILURE).where(FAILURE.c.at < database_now() - KEPT.total_seconds()))


def _tell_workspace(workspace_id: int, newest: int, now: datetime) -> int:
    due = [
        reader
        for reader in _readers(workspace_id)
        if reader.told_until < newest and (reader.told_at is None or reader.told_at <= now - EVERY)
    ]
    return sum(_tell_one(workspace_id, reader, newest, now) for reader in due)


def _readers(workspace_id: int) -> list[Reader]:
    query = (
        select(
            User.id,
            User.email,
            User.name,
            Membership.role,
            FailureReader.is_wanted,
            FailureReader.told_until,
            FailureReader.told_at,
        )
        .join(Membership, Membership.user_id == User.id)
        .outerjoin(
            FailureReader,
            (FailureReader.user_id == User.id) & (FailureReader.workspace_id == workspace_id),
        )
        .where(Membership.workspace_id == workspace_id, User.disabled_at.is_(None))
    )
    with read_connection() as database:
        rows = list(database.execute(query))
    return [reader for row in rows if (reader := _reader(row)) is not None]


def _reader(row: Any) -> Reader | None:
    wants = row.role in WANTED_BY_DEFAULT if row.is_wanted is None else row.is_wanted
    if not wants:
        return None
    try:
        email = read_address(row.email, "To").email
    except MailFailed:
        return None  # the address of an account need not be one that gets mail
    return Reader(row.id, MailAddress(email, row.name), row.told_until or 0, row.told_at)


def _tell_one(workspace_id: int, reader: Reader, newest: int, now: datetime) -> int:
    """In one transaction: be the one who tells, and write the mail."""
    mine = READER.c.workspace_id == workspace_id, READER.c.user_id == reader.user_id
    fresh = {"workspace_id": workspace_id, "user_id": reader.user_id, "told_until": 0}
    with transaction() as session:
        connection = session.connection()
        insert_missing(connection, READER, fresh)
        told = update(READER).where(*mine, READER.c.told_until == reader.told_until)
        moved = connection.execute(told.values(told_until=newest, told_at=now))
        if moved.rowcount != 1:
            return 0
        groups = _groups(workspace_id, reader.told_until, newest)
        if not groups:
            return 0
        key = f"failures:{workspace_id}:{reader.user_id}:{newest}"
        label = session.get_one(Workspace, workspace_id).label
        mail = failure_letters.write(label, reader.address, groups)
        mail_posting.post(Origin(workspace_id, key, kind="failures"), mail)
    log.info("told somebody of failed runs", extra={"user_id": reader.user_id})
    return 1


def _groups(workspace_id: int, after: int, until: int) -> list[Group]:
    """The failures since then by workflow, the one with the most first."""
    here = FAILURE.c.workspace_id == workspace_id, FAILURE.c.id > after, FAILURE.c.id <= until
    many = func.count().label("many")
    per_workflow = (
        select(FAILURE.c.workflow_id, Workflow.label, many)
        .join(Workflow, Workflow.id == FAILURE.c.workflow_id)
        .where(*here)
        .group_by(FAILURE.c.workflow_id, Workflow.label)
        .order_by(many.desc())
    )
    groups: list[Group] = []
    for row in db.session.execute(per_workflow):
        runs = (
            select(Run.id, Run.title, Run.error)
            .join(FAILURE, FAILURE.c.run_id == Run.id)
            .where(*here, FAILURE.c.workflow_id == row.workflow_id)
            .order_by(FAILURE.c.id.desc())
            .limit(MOST_RUNS if len(groups) < MOST_WORKFLOWS else 0)
        )
        groups.append(Group(row.label, row.many, list(db.session.execute(runs))))
    return groups
