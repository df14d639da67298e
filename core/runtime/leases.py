"""Hold runs for this process: claim one, keep its lease alive, give it back."""

import logging
import os
import platform
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from flask import Flask, current_app
from sqlalchemy import Row, bindparam, func, select, update

from core import queue
from core.engine.states import RunState
from core.runtime import holding
from core.storage.columns import database_now, database_time
from core.storage.db import UNAVAILABLE, in_short, read_connection, write_connection
from core.storage.run import Run

LEASE = timedelta(seconds=8)
HEARTBEAT = 2.0  # seconds
SOON = 0.02  # seconds: a claim that is answered later tells the time too badly
RUN = Run.__table__
log = logging.getLogger(__name__)
_held: dict[str, int] = {}  # fences by run
_cancelled: set[str] = set()  # of those held


@dataclass(frozen=True, slots=True)
class Claim:
    """A run that this process may write to, as long as its fence is the newest."""

    row: Row[Any]
    worker_id: str
    ahead: float  # of a clock of ours that nobody sets, in seconds: the database's, when made

    @property
    def fence(self) -> int:
        """The number that every write of this holder carries."""
        return int(self.row.fence)

    def now(self) -> datetime:
        """The time by the database's clock: as this claim found it, and what has passed since."""
        return datetime.fromtimestamp(self.ahead + time.monotonic(), UTC)


def worker_id() -> str:
    """The name of this process as a holder of leases; another after a fork."""
    return holder(os.getpid())


@cache
def holder(pid: int) -> str:
    """The name of a process of this machine as a holder of leases."""
    return f"{platform.node()}:{pid}"


def lease_end() -> Any:
    """When a lease that begins now ends, by the database's clock."""
    return database_now() + LEASE.total_seconds()


CLAIM = (
    update(RUN)
    .where(RUN.c.id.in_(bindparam("claimed", expanding=True)), RUN.c.state == RunState.QUEUED)
    .where(RUN.c.lane.in_(bindparam("lanes", expanding=True)))
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
    claims = claim_all([run_id], queue.LANES)
    return claims[0] if claims else None


def claim_all(run_ids: Sequence[str], lanes: Sequence[str]) -> list[Claim]:
    """Take those of these runs that are queued in these lanes, in one transaction.

    None while nothing may move.
    """
    if holding.is_on():
        return []
    with write_connection(is_flushed=False) as connection:
        given = {"claimed": list(run_ids), "lanes": list(lanes), "holder": worker_id()}
        asked_at = time.monotonic()
        rows = connection.execute(CLAIM, given).all()
        took = time.monotonic() - asked_at
    _held.update((row.id, row.fence) for row in rows)
    _beat()
    if not rows:
        return []
    # Reckoned from before the answer: a wait may be longer by what that took, never shorter.
    ahead = (rows[0].lease_until - LEASE).timestamp() - asked_at
    if took > SOON:
        with suppress(*UNAVAILABLE):  # then by the worse one: the runs are ours already
            ahead = min(ahead, _clocks_apart())
    return [Claim(row, worker_id(), ahead) for row in rows]


def _clocks_apart() -> float:
    """By how many seconds the database's clock is ahead of ours that nobody sets, at most."""
    with read_connection() as connection:
        asked_at = time.monotonic()
        return database_time(connection).timestamp() - asked_at


def forget(run_id: str, fence: int | None = None) -> None:
    """Let a lease run out, whether or not the run was given back in good order.

    With a fence only that claim's: another thread here may have claimed the run again meanwhile.
    """
    if fence is None or _held.get(run_id) == fence:
        _held.pop(run_id, None)
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
    # A row that is locked is being written to by its holder, perhaps together with its parent's:
    # waiting for it here, with other rows in hand, can be a deadlock. The next beat gets it.
    free = select(RUN.c.id).where(*mine).with_for_update(skip_locked=True)
    longer = update(RUN).where(RUN.c.id.in_(free)).values(lease_until=lease_end())
    with write_connection(is_flushed=False) as connection:
        rows = connection.execute(longer.returning(RUN.c.id, RUN.c.cancel_requested_at))
        _cancelled.update(row.id for row in rows if row.cancel_requested_at and row.id in _held)


_beating: set[tuple[int, Flask]] = set()  # who is taken out of here is renewed no more
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
        if (os.getpid(), app) not in _beating:
            return
        try:
            with app.app_context():
                renew()
        except Exception as error:  # without this thread every run here would be taken away
            log.warning("could not renew the leases: %s", in_short(error))
