"""Take up runs again whose holder died, and bells that nobody heard."""

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, func, or_, select, update

from core import clock, queue
from core.engine import entries
from core.engine.states import Reason, RunState
from core.runtime import endings, journal
from core.storage.columns import database_now
from core.storage.db import read_connection, write_connection
from core.storage.run import Run

RUN = Run.__table__
MOST_AT_ONCE = 500
ALONE_AFTER = 3  # deaths without a finished effect between them: then a process of its own
MOST_DEATHS = 6
UNHEARD_AFTER = timedelta(seconds=3)
log = logging.getLogger(__name__)


def rescue_dead() -> int:
    """Queue the runs whose lease has run out; returns how many there were."""
    return _rescue(RUN.c.lease_until < database_now())


def release(worker_id: str) -> int:
    """Queue the runs of a holder that is known to be dead; returns how many there were."""
    return _rescue(RUN.c.worker_id == worker_id)


def ring_unheard() -> int:
    """Ring for queued runs whose bell may have been lost; returns how many there were."""
    bells = queue.length()
    if bells is None:
        return 0
    is_queued = RUN.c.state == RunState.QUEUED
    patience, rung_at = UNHEARD_AFTER.total_seconds(), RUN.c.rung_at
    is_old = or_(rung_at.is_(None), rung_at < database_now() - patience)
    unheard = is_queued, or_(is_old, rung_at > database_now() + patience)  # by a wrong clock
    with read_connection() as connection:
        queued = connection.execute(select(func.count()).where(is_queued)).scalar_one()
        if queued <= bells:
            return 0
        oldest = select(RUN.c.id, RUN.c.lane).where(*unheard).order_by(RUN.c.rung_at)
        found = list(connection.execute(oldest.limit(min(queued - bells, MOST_AT_ONCE))))
    rung = [row.id for row in found if queue.ring(row.id, row.lane)]
    if rung:
        with write_connection() as connection:
            connection.execute(update(RUN).where(RUN.c.id.in_(rung)).values(rung_at=database_now()))
    return len(rung)


def next_alone() -> str | None:
    """The run that has waited longest for a process in which nothing else is under way."""
    waits = RUN.c.state == RunState.QUEUED, RUN.c.lane == "alone"
    with read_connection() as connection:
        oldest = select(RUN.c.id).where(*waits).order_by(RUN.c.rung_at).limit(1)
        found: str | None = connection.execute(oldest).scalar()
    return found


def ring_for_next_alone() -> None:
    """Ring for that run, if there is one."""
    run_id = next_alone()
    if run_id is not None and queue.ring(run_id, "alone"):
        with write_connection() as connection:
            connection.execute(update(RUN).where(RUN.c.id == run_id).values(rung_at=database_now()))


def _rescue(is_lost: Any) -> int:
    lost = RUN.c.state == RunState.RUNNING, is_lost
    with read_connection() as connection:
        query = select(RUN.c.id).where(*lost).limit(MOST_AT_ONCE)
        ids = list(connection.execute(query).scalars())
    for run_id in ids:
        _rescue_safely(run_id, lost)
    return len(ids)


def _rescue_safely(run_id: str, lost: tuple[Any, ...]) -> None:
    """One run that can't be rescued keeps no other from it."""
    try:
        _rescue_one(run_id, lost)
    except Exception:
        log.exception("a lost run could not be taken up", extra={"run_id": run_id})


def _rescue_one(run_id: str, lost: tuple[Any, ...]) -> None:
    """In one transaction: a new fence, so that the old holder can write nothing any more."""
    with write_connection() as connection:
        query = select(RUN).where(RUN.c.id == run_id, *lost)
        # A row that its dead holder has locked must not keep the others waiting; it comes again.
        free = query.with_for_update(skip_locked=True)
        run = connection.execute(free).one_or_none()
        if run is None:
            return
        lane = "alone" if run.deaths + 1 >= ALONE_AFTER else run.lane
        entry = entries.lost(run.worker_id or "a worker", clock.now())
        journal.append(connection, run.id, run.seq + 1, run.fence + 1, entry)
        connection.execute(
            update(RUN)
            .where(RUN.c.id == run_id)
            .values(
                state=RunState.QUEUED,
                fence=RUN.c.fence + 1,
                seq=RUN.c.seq + 1,
                deaths=RUN.c.deaths + 1,
                lane=lane,
                worker_id=None,
                lease_until=None,
                rung_at=database_now(),
            )
        )
        final = _settle(connection, run)
    log.warning("a worker was lost", extra={"run_id": run_id, "worker": run.worker_id})
    if final is None:
        queue.ring(run_id, lane)
    else:
        endings.tell(run_id, final)


def _settle(connection: Any, run: Row[Any]) -> Sequence[endings.Rung] | None:
    """Close a run that was being cancelled, or that takes every worker with it."""
    if run.cancel_requested_at is not None:
        error = endings.cancelled_error()
        return endings.close(connection, run, RunState.CANCELLED, error, None)
    if run.deaths + 1 < MOST_DEATHS:
        return None
    message = f"{MOST_DEATHS} workers ended while they carried this run out; it is set aside"
    error = {"kind": "quarantined", "message": message, "retryable": False}
    return endings.close(connection, run, RunState.FAILED, error, Reason.QUARANTINED)
