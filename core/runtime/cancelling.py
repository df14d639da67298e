"""Cancel runs: one whose row is locked, and those that a run waits for no longer."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, or_, select, update

from core import clock
from core.engine.answers import CHILD, UNANSWERED
from core.engine.errors import StateConflict
from core.engine.states import FINAL, RunState
from core.runtime import children, endings
from core.runtime.turns import UNFINISHED
from core.storage.db import read_connection, write_connection
from core.storage.run import Run, Wait

RUN, WAIT = Run.__table__, Wait.__table__
MOST_AT_ONCE = 500
# Waits for a run that has not ended meanwhile: what somebody takes up after that is theirs.
AWAITED = WAIT.c.kind == CHILD, or_(WAIT.c.answered_at.is_(None), WAIT.c.payload.in_(UNANSWERED))


def write(connection: Connection, run: Row[Any], *, by: str = "") -> Sequence[endings.Rung]:
    """Cancel a run whose row is locked; returns whom to ring for. Raises StateConflict."""
    if run.state in FINAL:
        raise StateConflict(f"the run has already {run.state}")
    if run.state == RunState.RUNNING:
        asked = {"cancel_requested_at": clock.now(), "cancelled_by": by or None}
        connection.execute(update(RUN).where(RUN.c.id == run.id).values(**asked))
        return ()
    if by:
        connection.execute(update(RUN).where(RUN.c.id == run.id).values(cancelled_by=by))
    error = endings.cancelled_error()
    return endings.close(connection, run, RunState.CANCELLED, error, None)


def cancel_awaited(run_id: str, path: str | None = None) -> None:
    """Cancel the runs that a run waits for no longer, anywhere or at that path."""
    waits = select(WAIT.c.path, WAIT.c.round).where(WAIT.c.run_id == run_id, *AWAITED)
    if path is not None:
        waits = waits.where(WAIT.c.path == path)
    with read_connection() as connection:
        awaited = [children.place_of(*wait) for wait in connection.execute(waits)]
        query = select(RUN.c.id).where(RUN.c.parent_run_id == run_id, RUN.c.state.not_in(FINAL))
        found = connection.execute(query.where(RUN.c.parent_path.in_(awaited))).scalars().all()
    for child_id in found:
        _cancel_child(child_id)


def cancel_forgotten() -> int:
    """Cancel the runs that cancelled ones were waiting for; returns how many had such.

    That is done right after these are cancelled, by somebody who may die before it.
    """
    child, waiting = RUN.alias(), RUN.alias()
    is_awaited = (WAIT.c.run_id == waiting.c.id) & (
        children.place_column(WAIT.c.path, WAIT.c.round) == child.c.parent_path
    )
    query = (
        select(waiting.c.id)
        .distinct()
        .select_from(child)
        .join(waiting, waiting.c.id == child.c.parent_run_id)
        .join(WAIT, is_awaited)
        .where(child.c.state.in_(UNFINISHED), child.c.batch_id.is_(None), *AWAITED)
        .where(waiting.c.state == RunState.CANCELLED)
    )
    with read_connection() as connection:
        found = list(connection.execute(query.limit(MOST_AT_ONCE)).scalars())
    for run_id in found:
        cancel_awaited(run_id)
    return len(found)


def _cancel_child(run_id: str) -> None:
    """End a run that nobody waits for any more, without the session: workers do it, too."""
    with write_connection() as connection:
        row = connection.execute(
            select(RUN).where(RUN.c.id == run_id, RUN.c.state.not_in(FINAL)).with_for_update()
        ).one_or_none()
        if row is None:
            return
        rung = write(connection, row)
    endings.tell(run_id, rung)
    cancel_awaited(run_id)
