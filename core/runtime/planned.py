"""Take back what is planned: runs that have not begun, one by one or a whole batch's."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select, update

from core.engine.outcomes import CancelPlanned
from core.engine.states import Line, RunState
from core.runtime import endings, turns
from core.storage.batch import Batch, BatchPart
from core.storage.columns import database_now
from core.storage.run import Run

RUN, BATCH, BATCH_PART = Run.__table__, Batch.__table__, BatchPart.__table__
NOT_BEGUN = RUN.c.started_at.is_(None), RUN.c.state.in_((RunState.WAITING, RunState.QUEUED))


def cancel(connection: Connection, run: Row[Any], order: CancelPlanned) -> int:
    """Take back what a step names, in its workspace; returns how many runs that ended."""
    if order.batch_id is not None:
        return cancel_batch(connection, run.workspace_id, order.batch_id, by=run.title or run.id)
    here = RUN.c.workspace_id == run.workspace_id, RUN.c.due_at.is_not(None)
    named = select(RUN.c.id).where(RUN.c.id.in_(order.run_ids), *here, *NOT_BEGUN)
    ids = connection.execute(named.order_by(RUN.c.id).with_for_update()).scalars()
    return cancel_all(connection, list(ids))


def cancel_batch(connection: Connection, workspace_id: int, batch_id: str, *, by: str) -> int:
    """From now on nothing of the batch begins; returns how many of its items that ended.

    Their runs are closed afterwards, some at a time.
    """
    mine = BATCH.c.id == batch_id, BATCH.c.workspace_id == workspace_id
    still = BATCH.c.state.in_(("running", "paused")), BATCH.c.ended_at.is_(None)
    query = select(BATCH).where(*mine, *still).with_for_update()
    batch = connection.execute(query).one_or_none()
    if batch is None:
        return 0
    connection.execute(delete(BATCH_PART).where(BATCH_PART.c.batch_id == batch_id))
    values = {"state": "cancelled", "unfilled": 0, "changed_by": by}
    connection.execute(update(BATCH).where(BATCH.c.id == batch_id).values(**values))
    in_line = RUN.c.batch_id == batch_id, RUN.c.line == Line.BATCH
    waiting: int = connection.execute(select(func.count()).where(*in_line)).scalar_one()
    return waiting + int(batch.unfilled)


def cancel_all(connection: Connection, ids: Sequence[str]) -> int:
    """End these runs, those of them that have not begun; nobody waits for any of them."""
    if not ids:
        return 0
    values = {
        "state": RunState.CANCELLED,
        "reason": None,
        "error": endings.cancelled_error("it was taken back before it began"),
        "finished_at": database_now(),
        **endings.LET_GO,
    }
    ended = update(RUN).where(RUN.c.id.in_(ids), *NOT_BEGUN).values(**values)
    found = connection.execute(ended.returning(RUN.c.id, RUN.c.batch_id, RUN.c.round)).all()
    for run in found:
        turns.count_ended(connection, run)
    return len(found)
