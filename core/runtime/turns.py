"""The line of a batch: its runs go a few at a time, in the order of the list.

A run that ends lets the next one go in the same transaction, so that the count of those under way
never grows by it; what that leaves out, `batches.sweep` lets go.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, func, or_, select, update

from core import clock
from core.engine.states import FINAL, Line, Reason, RunState
from core.runtime import places
from core.storage.batch import Batch
from core.storage.columns import database_now
from core.storage.run import Run

RUN, BATCH = Run.__table__, Batch.__table__
IN_LINE: Mapping[str, Any] = {
    "state": RunState.WAITING,
    "reason": Reason.LIMIT,
    "line": Line.BATCH,
}
UNFINISHED = tuple(state for state in RunState if state not in FINAL)
GONE = (RUN.c.id, RUN.c.lane, RUN.c.state, RUN.c.line, RUN.c.workflow_id, RUN.c.limit_key)


def pass_on(connection: Connection, run: Row[Any]) -> list[str | tuple[int, str]]:
    """Let the next of its batch go when a run ends that was let go; who is to be rung for."""
    if run.batch_id is None:
        return []
    count_ended(connection, run)
    if run.line == Line.BATCH:
        return []
    is_going = select(BATCH.c.id).where(BATCH.c.id == run.batch_id, BATCH.c.state == "running")
    following = select(RUN.c.id).where(*due(run.batch_id), is_going.exists())
    following = following.order_by(RUN.c.batch_index).limit(1).with_for_update(skip_locked=True)
    ids = list(connection.execute(following).scalars())
    return [
        (row.workflow_id, row.limit_key) if row.line == Line.LIMIT else row.id
        for row in let_go(connection, ids)
    ]


def take_up(connection: Connection, run: Row[Any]) -> bool:
    """Let the batch of a run that is taken up again go on; whether the run takes its turn there."""
    query = select(BATCH).where(BATCH.c.id == run.batch_id).with_for_update()
    batch = connection.execute(query).one_or_none()
    if batch is None:
        return False
    _count(connection, batch, "failed", -1)
    if batch.state == "cancelled":
        return False
    if batch.state == "done":
        idle_ms = batch.idle_ms + clock.milliseconds_since(batch.ended_at)
        again = {"state": "running", "ended_at": None, "idle_ms": idle_ms}
        connection.execute(update(BATCH).where(BATCH.c.id == batch.id).values(**again))
    return True


def fill_up(connection: Connection, batch: Row[Any]) -> Sequence[Row[Any]]:
    """Let go as many as there is room for; the batch's row is locked by the caller."""
    room = batch.concurrency - connection.execute(_going(batch.id)).scalar_one()
    if room <= 0:
        return ()
    first = select(RUN.c.id).where(*due(batch.id)).order_by(RUN.c.batch_index).limit(room)
    ids = connection.execute(first.with_for_update(skip_locked=True)).scalars()
    return let_go(connection, list(ids))


def due(batch_id: str) -> tuple[ColumnElement[bool], ...]:
    """The runs of a batch that stand in line and whose time has come."""
    mine = RUN.c.batch_id == batch_id, RUN.c.line == Line.BATCH
    return *mine, RUN.c.due_at <= database_now()


def let_go(connection: Connection, ids: Sequence[str]) -> Sequence[Row[Any]]:
    """Let these runs out of their batch's line."""
    if not ids:
        return ()
    moved = update(RUN).where(RUN.c.id.in_(ids), RUN.c.line == Line.BATCH)
    return connection.execute(moved.values(**places.onward()).returning(*GONE)).all()


def is_unfinished(connection: Connection, batch_id: str) -> bool:
    """Whether a run of the batch has not ended."""
    mine = RUN.c.batch_id == batch_id, RUN.c.state.in_(UNFINISHED)
    return bool(connection.execute(select(select(RUN.c.id).where(*mine).exists())).scalar_one())


def count_ended(connection: Connection, run: Row[Any]) -> None:
    """Count a run that was taken up again and has ended, if its batch is counted already."""
    if run.batch_id is None or run.round == 1:
        return
    query = select(BATCH).where(BATCH.c.id == run.batch_id).with_for_update()
    batch = connection.execute(query).one_or_none()
    if batch is not None:
        columns = RUN.c.state, RUN.c.reason, RUN.c.line
        ended = connection.execute(select(*columns).where(RUN.c.id == run.id)).one()
        _count(connection, batch, word_for(ended), 1)


def word_for(run: Row[Any]) -> str:
    """How its batch counts a run."""
    if run.state == RunState.SUCCEEDED:
        return "skipped" if run.reason == Reason.NOT_RUN else "done"
    if run.state in FINAL:
        return str(run.state)
    return "waiting" if run.line is not None else "running"


def _count(connection: Connection, batch: Row[Any], word: str, more: int) -> None:
    """Correct the counts of a batch that has ended before; its row is locked by the caller."""
    if batch.counts is not None:
        counts = {**batch.counts, word: batch.counts[word] + more}
        connection.execute(update(BATCH).where(BATCH.c.id == batch.id).values(counts=counts))


def _going(batch_id: str) -> Any:
    """How many were let go and have not ended; those in line for a place are among them."""
    is_out = or_(RUN.c.line.is_(None), RUN.c.line == Line.LIMIT)
    asleep = and_(RUN.c.state == RunState.WAITING, is_out)
    going = or_(RUN.c.state.in_((RunState.QUEUED, RunState.RUNNING)), asleep)
    return select(func.count()).where(RUN.c.batch_id == batch_id, going)
