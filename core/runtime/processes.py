"""Which processes are alive: each says so every two seconds."""

import os
import platform
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, ScalarSelect, delete, func, select

from core import clock
from core.storage.columns import database_now
from core.storage.db import db, upsert, write_connection
from core.storage.process import SILENT_AFTER, Process

FORGOTTEN_AFTER = timedelta(hours=1)
TABLE = Process.__table__
_started: dict[int, datetime] = {}


def beat(kind: str, name: str = "") -> None:
    """Say that this process is alive."""
    host, pid = platform.node(), os.getpid()
    row = {
        "id": f"{name or kind} {host}:{pid}",
        "kind": kind,
        "host": host,
        "pid": pid,
        "started_at": _started.setdefault(pid, clock.now()),
        "beat_at": database_now(),
    }
    with write_connection(is_flushed=False) as connection:
        upsert(connection, TABLE, row, kept=("started_at",))
        old = TABLE.c.beat_at < database_now() - FORGOTTEN_AFTER.total_seconds()
        connection.execute(delete(TABLE).where(old))


def alive(kind: str) -> list[Process]:
    """The processes of that kind that were heard of lately."""
    query = select(Process).where(Process.kind == kind, _lately()).order_by(Process.id)
    return list(db.session.scalars(query))


def has_ended(host: str, pid: int) -> bool:
    """Whether a process of this machine is gone, though it was heard of lately."""
    if host != platform.node():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def has_outlived(host: str, pid: int, moment: datetime) -> bool:
    """Whether this process lived at that moment already, and saw that one's end on this machine."""
    began = _started.get(os.getpid())
    return began is not None and began < moment and has_ended(host, pid)


def alive_count(kind: str) -> ScalarSelect[int]:
    """How many of that kind were heard of lately, to be selected with other figures."""
    query = select(func.count()).select_from(Process).where(Process.kind == kind, _lately())
    return query.scalar_subquery()


def _lately() -> ColumnElement[bool]:
    return Process.beat_at > database_now() - SILENT_AFTER.total_seconds()
