"""Forget finished runs whose time is over, a few at a time, so that nobody has to wait for it."""

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Table, delete, select

from core import clock, config
from core.engine.states import FINAL, RunState
from core.storage.call_key import CallKey
from core.storage.db import read_connection, write_connection
from core.storage.run import Payload, Run, Segment, StepRun, Wait
from core.storage.run_counts import first_id_at
from core.storage.schedule import Schedule
from core.storage.workspace import Workspace

BATCH = 50  # runs in one transaction
SHARE_SECONDS = 0.25  # of each second
BREATH_SECONDS = 0.01  # between two batches, in which others write
LOOK_EVERY = 300.0  # seconds, once all is forgotten
LEAST_AGE = timedelta(hours=1)  # whoever waits for a run's end must find it
RUN, KEY, SCHEDULE = Run.__table__, CallKey.__table__, Schedule.__table__
OF_A_RUN: tuple[Table, ...] = tuple(table.__table__ for table in (Segment, Payload, StepRun, Wait))
log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Round:
    """How far this process has come; between two rounds it rests."""

    batches: Iterator[int] | None = None
    rests_until: float = 0.0


_round = _Round()


def sweep() -> int:
    """Forget for a part of a second; returns how many runs were forgotten."""
    began = time.monotonic()
    if began < _round.rests_until:
        return 0
    batches = _round.batches = _round.batches or forget_old()
    forgotten = 0
    for count in batches:
        forgotten += count
        if time.monotonic() - began > SHARE_SECONDS:
            return forgotten
        time.sleep(BREATH_SECONDS)
    _round.batches, _round.rests_until = None, time.monotonic() + LOOK_EVERY
    return forgotten


def forget_old() -> Iterator[int]:
    """Forget all that is old enough, batch by batch, saying how many runs each one had."""
    now = clock.now()
    with read_connection() as connection:
        workspaces = list(connection.execute(select(Workspace.id)).scalars())
    for workspace_id in workspaces:
        for state in sorted(FINAL):
            yield from _forget(workspace_id, state, now - kept_for(state))


def kept_for(state: RunState) -> timedelta:
    """How long runs that ended so are kept; never less than an hour."""
    settings = config.current()
    kept = settings.keep_failed_runs if state is RunState.FAILED else settings.keep_runs
    return max(kept, LEAST_AGE)


def _forget(workspace_id: int, state: RunState, before: datetime) -> Iterator[int]:
    """Walk the runs by age; ids are made in the order of time."""
    last = ""
    while True:
        old = (
            RUN.c.workspace_id == workspace_id,
            RUN.c.state == state,
            RUN.c.id > last,
            RUN.c.id < first_id_at(before),
            RUN.c.finished_at < before,
        )
        with read_connection() as connection:
            query = select(RUN.c.id).where(*old).order_by(RUN.c.id).limit(BATCH)
            ids = list(connection.execute(query).scalars())
            kept = _promised(connection, ids)
        if not ids:
            return
        last = ids[-1]
        yield _delete([run_id for run_id in ids if run_id not in kept])


def _promised(connection: Connection, ids: list[str]) -> set[str]:
    """Those that a repeated call must still be led to, and the last one of each schedule."""
    if not ids:
        return set()
    known = select(KEY.c.run_id).where(KEY.c.run_id.in_(ids), KEY.c.expires_at > clock.now())
    last = select(SCHEDULE.c.last_run_id).where(SCHEDULE.c.last_run_id.in_(ids))
    return {*connection.execute(known).scalars(), *connection.execute(last).scalars()}


def _delete(ids: list[str]) -> int:
    """All rows of these runs, or of those among them that are still finished."""
    if not ids:
        return 0
    with write_connection(is_flushed=False) as connection:
        finished = RUN.c.id.in_(ids), RUN.c.state.in_(FINAL)
        ids = list(connection.execute(select(RUN.c.id).where(*finished)).scalars())
        for table in OF_A_RUN:
            connection.execute(delete(table).where(table.c.run_id.in_(ids)))
        connection.execute(delete(RUN).where(RUN.c.id.in_(ids)))
    return len(ids)
