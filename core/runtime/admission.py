"""Let runs in as places get free: right after they came, and again each second."""

import logging
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from core import clock, queue
from core.engine.states import Line, Reason, RunState
from core.runtime import cancelling, endings, places
from core.runtime.endings import Rung
from core.runtime.places import Limit
from core.storage.columns import database_now
from core.storage.db import read_connection, write_connection
from core.storage.run import Run
from core.storage.workflow import Workflow

RUN, WORKFLOW = Run.__table__, Workflow.__table__
MOST_AT_ONCE = 100  # of one line
MOST_LINES = 5_000
log = logging.getLogger(__name__)


def enter(run: Any) -> None:
    """Once a new run is committed: ring for it, or see whether there is a place for it."""
    enter_all([run])


def enter_all(runs: Iterable[Any]) -> None:
    """The same for many; each line is looked at once."""
    lines, batch_ids = set(), set()
    for run in runs:
        if run.line == Line.LIMIT:
            lines.add((run.workflow_id, run.limit_key))
        elif run.line == Line.BATCH:
            batch_ids.add(run.batch_id)
        elif run.state == RunState.QUEUED:
            queue.ring(run.id, run.lane)
    for workflow_id, limit_key in sorted(lines):
        let_in_safely(workflow_id, limit_key)
    for batch_id in sorted(batch_ids):
        _release_safely(batch_id)


def let_in_safely(workflow_id: int, limit_key: str) -> int:
    """The run is committed already: a failure here only means that it is looked at later."""
    try:
        return let_in(workflow_id, limit_key)
    except Exception:
        log.exception("runs of workflow %s in line are let in later", workflow_id)
        return 0


def _release_safely(batch_id: str) -> None:
    from core.runtime import batches  # which lets runs in itself

    try:
        batches.release(batch_id)
    except Exception:
        log.exception("runs of batch %s are let go later", batch_id)


def let_in(workflow_id: int, limit_key: str) -> int:
    """Give free places to those in line, the oldest first; returns how many got one.

    Only one process at a time counts the places of a workflow, so that none is given twice.
    """
    rung: list[Rung] = []
    replaced: list[str] = []
    skipped: list[str] = []
    with write_connection() as connection:
        lock = select(WORKFLOW.c.id).where(WORKFLOW.c.id == workflow_id)
        connection.execute(lock.with_for_update(key_share=True))
        for run in _one_too_many(connection, workflow_id, limit_key):
            rung += _replace(connection, run)
            replaced.append(run.id)
        count = places.held_count(connection, workflow_id, limit_key)
        entered = []
        for run in places.next_in_line(connection, workflow_id, limit_key, MOST_AT_ONCE):
            limit = Limit.of_version(run.version_id)
            if limit is None or count < limit.most:
                entered.append(run.id)
                count += 1
            elif limit.when_full == "skip" and run.round == 1:
                rung += _skip(connection, run)
                skipped.append(run.id)
        if entered:
            values = {**places.LET_IN, "rung_at": database_now()}
            connection.execute(update(RUN).where(RUN.c.id.in_(entered)).values(**values))
    for run_id in (*replaced, *skipped):
        queue.announce(run_id)
    endings.ring([*entered, *rung])
    for run_id in replaced:
        cancelling.cancel_awaited(run_id)
    return len(entered)


def sweep() -> int:
    """Look at every line that could move; returns how many runs were let in."""
    with read_connection() as connection:
        found = connection.execute(_lines()).all()
        if not found:
            return 0
        taken = _taken(connection, {line.workflow_id for line in found})
    moved = 0
    for line in found:
        limit = Limit.of_version(line.version_id)
        is_full = limit and taken.get((line.workflow_id, line.limit_key), 0) >= limit.most
        has_impatient = limit and limit.when_full != "queue" and line.round == 1
        if not is_full or has_impatient:
            moved += let_in_safely(line.workflow_id, line.limit_key)
    return moved


def _one_too_many(connection: Connection, workflow_id: int, limit_key: str) -> list[Row[Any]]:
    """The oldest runs that newer ones replace; those in line first, who have done nothing yet."""
    limit = places.newcomers_limit(connection, workflow_id, limit_key)
    if limit is None or limit.when_full != "replace":
        return []
    holders = select(RUN).where(*places.sharing(workflow_id, limit_key), places.holding())
    holders = holders.order_by(RUN.c.id).limit(MOST_AT_ONCE).with_for_update()
    line = places.next_in_line(connection, workflow_id, limit_key, MOST_AT_ONCE)
    held = connection.execute(holders).all()
    newcomers = [run for run in line if run.round == 1]
    old = sorted([*held, *newcomers], key=lambda run: run.id)
    old = old[: max(len(old) - limit.most, 0)]
    return sorted(old, key=lambda run: run.line is None)


def _replace(connection: Connection, run: Row[Any]) -> Sequence[Rung]:
    """End a run for a newer one: at once, or before its next effect if a worker holds it."""
    if run.state == RunState.RUNNING:
        if run.cancel_requested_at is None:
            asked = {"cancel_requested_at": clock.now(), "reason": Reason.LIMIT}
            connection.execute(update(RUN).where(RUN.c.id == run.id).values(**asked))
        return ()
    error = endings.cancelled_error("a newer run took its place")
    return endings.close(connection, run, RunState.CANCELLED, error, Reason.LIMIT)


def _skip(connection: Connection, run: Row[Any]) -> Sequence[Rung]:
    """End a run that was not to wait; its caller gets what callers get whose run is not needed."""
    return endings.close(connection, run, RunState.SUCCEEDED, None, Reason.NOT_RUN)


def _lines() -> Any:
    """Every line there is, with one of its versions, and whether it is but of runs retried."""
    newest = func.max(RUN.c.version_id).label("version_id")
    columns = RUN.c.workflow_id, RUN.c.limit_key, newest, func.min(RUN.c.round).label("round")
    query = select(*columns).where(RUN.c.line == Line.LIMIT)
    return query.group_by(RUN.c.workflow_id, RUN.c.limit_key).limit(MOST_LINES)


def _taken(connection: Connection, workflow_ids: set[int]) -> dict[tuple[int, str], int]:
    """How many places are taken, by workflow and key."""
    query = select(RUN.c.workflow_id, RUN.c.limit_key, func.count())
    query = query.where(
        RUN.c.workflow_id.in_(sorted(workflow_ids)), RUN.c.limit_key.is_not(None), places.holding()
    )
    rows = connection.execute(query.group_by(RUN.c.workflow_id, RUN.c.limit_key))
    return {(row[0], row[1]): row[2] for row in rows}
