"""Which processes are alive: each says so every two seconds."""

import os
import socket
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from core import clock
from core.storage.columns import database_now
from core.storage.db import db, write_connection
from core.storage.process import Process

SILENT_AFTER = timedelta(seconds=10)
FORGOTTEN_AFTER = timedelta(hours=1)
TABLE = Process.__table__
UPSERTS = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_started: dict[int, datetime] = {}


def beat(kind: str, name: str = "") -> None:
    """Say that this process is alive."""
    host, pid = socket.gethostname(), os.getpid()
    row = {
        "id": f"{name or kind} {host}:{pid}",
        "kind": kind,
        "host": host,
        "pid": pid,
        "started_at": _started.setdefault(pid, clock.now()),
        "beat_at": database_now(),
    }
    with write_connection() as connection:
        statement = UPSERTS[connection.dialect.name](TABLE).values(row)
        changed = {"beat_at": statement.excluded.beat_at}
        connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=changed))
        old = TABLE.c.beat_at < database_now() - FORGOTTEN_AFTER.total_seconds()
        connection.execute(delete(TABLE).where(old))


def alive(kind: str) -> list[Process]:
    """The processes of that kind that were heard of lately."""
    lately = Process.beat_at > database_now() - SILENT_AFTER.total_seconds()
    query = select(Process).where(Process.kind == kind, lately).order_by(Process.id)
    return list(db.session.scalars(query))
