"""Hold runs for this process: claim one, keep its lease alive, give it back."""

import logging
import os
import platform
import threading
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from flask import Flask, current_app
from sqlalchemy import Row, bindparam, func, update
from sqlalchemy.exc import SQLAlchemyError

from core.engine.states import RunState
from core.storage.columns import database_now
from core.storage.db import write_connection
from core.storage.run import Run

LEASE = timedelta(seconds=8)
HEARTBEAT = 2.0  # seconds
RUN = Run.__table__
log = logging.getLogger(__name__)
_held: set[str] = set()
_cancelled: set[str] = set()  # of those held


@dataclass(frozen=True, slots=True)
class Claim:
    """A run that this process may write to, as long as its fence is the newest."""

    row: Row[Any]
    worker_id: str

    @property
    def fence(self) -> int:
        """The number that every write of this holder carries."""
        return int(self.row.fence)


def worker_id() -> str:
    """The name of this process as a holder of leases; another after a fork."""
    return _worker_id(os.getpid())


@cache
def _worker_id(pid: int) -> str:
    return f"{platform.node()}:{pid}"


def lease_end() -> Any:
    """When a lease that begins now ends, by the database's clock."""
    return database_now() + LEASE.total_seconds()


CLAIM = (
    update(RUN)
    .where(RUN.c.id == bindparam("claimed"), RUN.c.state == RunState.QUEUED)
    .values(
        state=RunState.RUNNING,
        reason=None,
        fence=RUN.c.fence + 1,
        worker_id=bindparam("holder"),
        lease_until=lease_end(),
        wake_at=None,
        started_at=func.coalesce(RUN.c.started_at, database_now()),
    )
    .returning(*RUN.c)
)


def claim(run_id: str) -> Claim | None:
    """Take a queued run, or None if it is not there to be taken."""
    with write_connection(is_flushed=False) as connection:
        taken = connection.execute(CLAIM, {"claimed": run_id, "holder": worker_id()})
        row = taken.one_or_none()
    if row is None:
        return None
    _held.add(run_id)
    _beat()
    return Claim(row, worker_id())


def forget(run_id: str) -> None:
    """Let a lease run out, whether or not the run was given back in good order."""
    _held.discard(run_id)
    _cancelled.discard(run_id)


def is_cancelled(run_id: str) -> bool:
    """Whether the last heartbeat saw that somebody wants this held run to end."""
    return run_id in _cancelled


def renew() -> None:
    """Prolong all leases of this process by one statement."""
    held = list(_held)
    if not held:
        return
    mine = RUN.c.id.in_(held), RUN.c.worker_id == worker_id(), RUN.c.state == RunState.RUNNING
    longer = update(RUN).where(*mine).values(lease_until=lease_end())
    with write_connection(is_flushed=False) as connection:
        rows = connection.execute(longer.returning(RUN.c.id, RUN.c.cancel_requested_at))
        _cancelled.update(row.id for row in rows if row.cancel_requested_at and row.id in _held)


_beating: set[tuple[int, Flask]] = set()
_beating_lock = threading.Lock()


def _beat() -> None:
    """Begin to renew this process's leases in a thread, once for each process, forks included."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    with _beating_lock:
        if (os.getpid(), app) in _beating:
            return
        _beating.add((os.getpid(), app))
    threading.Thread(target=_renew_always, args=(app,), name="leases", daemon=True).start()


def _renew_always(app: Flask) -> None:
    pause = threading.Event()
    while not pause.wait(HEARTBEAT):
        try:
            with app.app_context():
                renew()
        except SQLAlchemyError as error:
            log.warning("could not renew the leases: %s", error)
