"""Say for a run what only a person can know: whether an effect happened before a crash."""

from typing import Any

from sqlalchemy import Connection, Row, select, update

from core import clock, queue
from core.engine import crashes
from core.engine.errors import StateConflict
from core.engine.states import FINAL, RunState
from core.storage.columns import database_now
from core.storage.db import write_connection
from core.storage.run import Run, Wait

RUN, WAIT = Run.__table__, Wait.__table__
OVER = "somebody has answered this already, or the run has ended"


def decide(run: Run, path: str, decision: str, *, by: str, output: Any = None) -> None:
    """Answer the open question of the step at that path, and let the run go on.

    `decision` is one of crashes.DECISIONS; `output` is what the step gives if it happened.
    Raises StateConflict when nothing is asked there any more: of two answers the first counts.
    A run that another answer has woken looks for this one before it sleeps again.
    """
    answer = {"decision": crashes.check(decision), "by": by, "output": output}
    with write_connection() as connection:
        goes_on = RUN.c.state.not_in(tuple(FINAL)), RUN.c.cancel_requested_at.is_(None)
        query = select(RUN.c.id, RUN.c.round, RUN.c.lane).where(RUN.c.id == run.id, *goes_on)
        row = connection.execute(query.with_for_update()).one_or_none()
        if row is None or not _answer(connection, row, path, answer):
            raise StateConflict(OVER)
        woken = connection.execute(
            update(RUN)
            .where(RUN.c.id == run.id, RUN.c.state == RunState.WAITING)
            .values(state=RunState.QUEUED, reason=None, wake_at=None, rung_at=database_now())
        )
    if woken.rowcount:
        queue.ring(run.id, row.lane)


def _answer(connection: Connection, run: Row[Any], path: str, answer: dict[str, Any]) -> bool:
    """Write the answer to the newest question about that step; whether one was open."""
    asked = (
        WAIT.c.run_id == run.id,
        WAIT.c.round == run.round,
        WAIT.c.kind == crashes.KIND,
        WAIT.c.answered_at.is_(None),
    )
    paths = connection.execute(select(WAIT.c.path).where(*asked)).scalars()
    found = [question for question in paths if crashes.asked_path(question) == path]
    if not found:
        return False
    written = connection.execute(
        update(WAIT)
        .where(*asked, WAIT.c.path == found[0])
        .values(payload=answer, answered_at=clock.now())
    )
    return bool(written.rowcount)
