"""What people do with a batch: pause it, go on, cancel it, run again what failed."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, select, update

from core.engine.errors import StepFailed
from core.engine.states import RunState
from core.runtime import batches, children, planned
from core.storage.batch import Batch
from core.storage.columns import database_now, new_id
from core.storage.db import db, write_connection
from core.storage.run import Run
from core.storage.workflow import Workflow

BATCH, RUN, WORKFLOW = Batch.__table__, Run.__table__, Workflow.__table__


class CannotRunAgain(Exception):
    """The failed items can't be run again; the message says why."""


def pause(batch: Batch, *, by: str) -> bool:
    """Let no further run begin; those under way go on. False if it was not running."""
    return _move(batch, "running", "paused", by)


def resume(batch: Batch, *, by: str) -> bool:
    """Go on with a paused batch."""
    is_moved = _move(batch, "paused", "running", by)
    batches.release(batch.id)
    return is_moved


def cancel(batch: Batch, *, by: str) -> int:
    """Take back all that has not begun; returns how many items that ended."""
    workspace_id, batch_id = batch.workspace_id, batch.id
    with write_connection() as connection:
        count = planned.cancel_batch(connection, workspace_id, batch_id, by=by)
    batches.take_back(batch_id)
    batches.finish(batch_id)
    _look_again(batch)
    return count


def run_failed_again(batch: Batch, *, by: str) -> Batch:
    """A new batch of the failed items, on what is published now; the same one if it is there.

    Once only, and so not before the last has ended. Raises CannotRunAgain.
    """
    batch_id, new = batch.id, new_id()
    with write_connection() as connection:
        mine = BATCH.c.id == batch_id, BATCH.c.again_id.is_(None), BATCH.c.ended_at.is_not(None)
        found = connection.execute(
            update(BATCH).where(*mine).values(again_id=new).returning(*BATCH.c)
        )
        if taken := found.one_or_none():
            _write_again(connection, taken, new, by)
    _look_again(batch)
    if batch.again_id is None:
        raise CannotRunAgain("Some items have not ended yet; what fails can be run again then.")
    batches.fill(batch.again_id)
    return db.session.get_one(Batch, batch.again_id)


def _write_again(connection: Connection, batch: Row[Any], new: str, by: str) -> None:
    items = _failed(connection, batch.id)
    if not items:
        raise CannotRunAgain("No item of this batch has failed.")
    name = children.name_of(connection, batch.workflow_id)
    try:
        found: Any = children.version_of(connection, batch, name)
    except StepFailed as refused:
        raise CannotRunAgain(f"This can't be run again: {refused.message}.") from refused
    same = ("workspace_id", "workflow_id", "mode", "depth", "chain", "timezone")
    kept = ("concurrency", "interval", "when_finished")
    values = {key: getattr(batch, key) for key in (*same, *kept)}
    values |= {"id": new, "version_id": found[1], "started_by": by, "again_of": batch.id}
    batches.write(connection, {**values, "starts_at": database_now()}, items)


def _failed(connection: Connection, batch_id: str) -> Sequence[Any]:
    """What the failed runs were given, in the order of the list."""
    mine = RUN.c.batch_id == batch_id, RUN.c.state == RunState.FAILED
    query = select(RUN.c.input).where(*mine).order_by(RUN.c.batch_index)
    return [given["body"] for given in connection.execute(query).scalars()]


def _move(batch: Batch, before: str, after: str, by: str) -> bool:
    batch_id = batch.id
    mine = BATCH.c.id == batch_id, BATCH.c.state == before, BATCH.c.ended_at.is_(None)
    with write_connection() as connection:
        values = {"state": after, "changed_by": by}
        is_moved = connection.execute(update(BATCH).where(*mine).values(**values)).rowcount == 1
    _look_again(batch)
    return is_moved


def _look_again(batch: Batch) -> None:
    """As the database has it now, not as it was when this request began to read."""
    db.session.rollback()
    db.session.refresh(batch)
