"""Take up runs again whose holder died, and bells that nobody heard.

One of the runs that were with a worker when it died may have killed it. So each of them is carried
out alone next, in a process of its own: what ends well there was innocent, and what kills that
process, too, has nobody else to blame. A machine that loses its power proves nothing of the kind:
what only stopped to be heard of keeps its company the first time.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, func, or_, select, true, update

from core import clock, queue
from core.engine import entries
from core.engine.states import Reason, RunState
from core.runtime import endings, journal, leases, processes
from core.storage.columns import database_now
from core.storage.db import read_connection, write_connection
from core.storage.run import Run

RUN = Run.__table__
MOST_AT_ONCE = 500
MOST_DEATHS = 3  # of workers that carried it out alone, without a finished effect between them
UNSEEN_DEATHS = 2  # in company, before that proves something
UNHEARD_AFTER = timedelta(seconds=3)
Seeing = Callable[[Row[Any]], bool]  # whether the holder of a run is known to have died
log = logging.getLogger(__name__)


def rescue_dead() -> int:
    """Queue the runs whose lease has run out; returns how many there were."""
    rescued = _rescue(RUN.c.lease_until < database_now(), _has_died_here)
    if rescued:
        ring_for_next_alone()
    return rescued


def release(worker_id: str) -> int:
    """Queue the runs of a holder that is known to be dead; returns how many there were.

    Nobody is rung for those that are to be alone: who calls this knows who carries them out.
    """
    return _rescue(RUN.c.worker_id == worker_id, lambda run: True)


def ring_unheard() -> int:
    """Ring for queued runs whose bell may have been lost; returns how many there were."""
    patience, rung_at = UNHEARD_AFTER.total_seconds(), RUN.c.rung_at
    is_old = or_(rung_at.is_(None), rung_at < database_now() - patience)
    return _ring_again(
        RUN.c.state == RunState.QUEUED,
        or_(is_old, rung_at > database_now() + patience),  # by a wrong clock
    )


def ring_lost() -> int:
    """The same at once, when a worker has died that may have heard some and not taken their runs.

    Those that are to be alone are left to who clears up after it.
    """
    return _ring_again((RUN.c.state == RunState.QUEUED) & (RUN.c.lane != "alone"), true())


def _ring_again(is_queued: Any, is_unheard: Any) -> int:
    """Ring for the oldest of these, as many as there are fewer bells than queued runs."""
    bells = queue.length()
    if bells is None:
        return 0
    with read_connection() as connection:
        queued = connection.execute(select(func.count()).where(is_queued)).scalar_one()
        if queued <= bells:
            return 0
        oldest = select(RUN.c.id, RUN.c.lane).where(is_queued, is_unheard).order_by(RUN.c.rung_at)
        found = list(connection.execute(oldest.limit(min(queued - bells, MOST_AT_ONCE))))
    rung = [row.id for row in found if queue.ring(row.id, row.lane)]
    if rung:
        with write_connection() as connection:
            connection.execute(update(RUN).where(RUN.c.id.in_(rung)).values(rung_at=database_now()))
    return len(rung)


def next_alone() -> str | None:
    """The run whose turn it is in a process in which nothing else is under way.

    Most of those that wait for one are innocent: who has killed such a process comes after them.
    """
    waits = RUN.c.state == RunState.QUEUED, RUN.c.lane == "alone"
    with read_connection() as connection:
        first = select(RUN.c.id).where(*waits).order_by(RUN.c.deaths, RUN.c.rung_at).limit(1)
        found: str | None = connection.execute(first).scalar()
    return found


def ring_for_next_alone(before: str | None = None) -> None:
    """Ring for that run, if there is one and it isn't the one before."""
    run_id = next_alone()
    if run_id not in (None, before) and queue.ring(run_id, "alone"):
        with write_connection() as connection:
            connection.execute(update(RUN).where(RUN.c.id == run_id).values(rung_at=database_now()))


def _rescue(is_lost: Any, has_died: Seeing) -> int:
    lost = RUN.c.state == RunState.RUNNING, is_lost
    with read_connection() as connection:
        # Who was with it for long is likely innocent, and so comes first in every line.
        query = select(RUN.c.id).where(*lost).order_by(RUN.c.rung_at).limit(MOST_AT_ONCE)
        ids = list(connection.execute(query).scalars())
    for run_id in ids:
        _rescue_safely(run_id, lost, has_died)
    return len(ids)


def _has_died_here(run: Row[Any]) -> bool:
    """Whether the holder was a process of this machine that is gone, and we have outlived it."""
    host, _, pid = (run.worker_id or "").rpartition(":")
    heard_of = run.lease_until - leases.LEASE
    return pid.isdigit() and processes.has_outlived(host, int(pid), heard_of)


def _rescue_safely(run_id: str, lost: tuple[Any, ...], has_died: Seeing) -> None:
    """One run that can't be rescued keeps no other from it."""
    try:
        _rescue_one(run_id, lost, has_died)
    except Exception:
        log.exception("a lost run could not be taken up", extra={"run_id": run_id})


def _rescue_one(run_id: str, lost: tuple[Any, ...], has_died: Seeing) -> None:
    """In one transaction: a new fence, so that the old holder can write nothing any more."""
    with write_connection() as connection:
        query = select(RUN).where(RUN.c.id == run_id, *lost)
        # A row that its dead holder has locked must not keep the others waiting; it comes again.
        free = query.with_for_update(skip_locked=True)
        run = connection.execute(free).one_or_none()
        if run is None:
            return
        lane, deaths = _judge(run, has_died)
        entry = entries.lost(run.worker_id or "a worker", clock.now())
        journal.append(connection, run.id, run.seq + 1, run.fence + 1, entry)
        connection.execute(
            update(RUN)
            .where(RUN.c.id == run_id)
            .values(
                state=RunState.QUEUED,
                fence=RUN.c.fence + 1,
                seq=RUN.c.seq + 1,
                deaths=deaths,
                lane=lane,
                worker_id=None,
                lease_until=None,
                rung_at=database_now(),
            )
        )
        final = _settle(connection, run, lane, deaths)
    log.warning("a worker was lost", extra={"run_id": run_id, "worker": run.worker_id})
    if final is not None:
        endings.tell(run_id, final)
    elif lane != "alone":
        queue.ring(run_id, lane)


def _judge(run: Row[Any], has_died: Seeing) -> tuple[str, int]:
    """The lane in which it goes on, and the workers that it has cost there."""
    deaths = run.deaths + 1
    if run.lane != "alone" and (deaths >= UNSEEN_DEATHS or has_died(run)):
        return "alone", 0
    return run.lane, deaths


def _settle(
    connection: Any, run: Row[Any], lane: str, deaths: int
) -> Sequence[endings.Rung] | None:
    """Close a run that was being cancelled, or that takes every worker with it."""
    if run.cancel_requested_at is not None:
        error = endings.cancelled_error()
        return endings.close(connection, run, RunState.CANCELLED, error, None)
    if lane != "alone" or deaths < MOST_DEATHS:
        return None
    message = f"{MOST_DEATHS} workers ended while they carried out nothing else; it is set aside"
    error = {"kind": "quarantined", "message": message, "retryable": False}
    return endings.close(connection, run, RunState.FAILED, error, Reason.QUARANTINED)
