"""What a failed run still awaits goes with it into its next round: nothing is begun twice.

Runs it has started, questions it has asked, and calls that came early stay as they are, unless
they belong to what is opened again.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, select, update

from core.engine import answers, crashes
from core.engine.reopening import Reopening
from core.engine.states import RunState
from core.runtime import children, reminders
from core.storage.run import Run, StepRun, Wait

RUN, WAIT, STEP_RUN = Run.__table__, Wait.__table__, StepRun.__table__
KINDS = (crashes.KIND, *answers.KINDS)


@dataclass(frozen=True, slots=True)
class Way:
    """From one round of a run to the next."""

    run_id: str
    round: int

    @property
    def next(self) -> int:
        """The round that begins."""
        return self.round + 1


def carry(connection: Connection, way: Way, failed_path: str, opened: Reopening) -> None:
    """Move what is awaited into the next round, in the transaction that begins it."""
    carried = [
        wait
        for wait in connection.execute(
            select(WAIT).where(*_here(WAIT, way), WAIT.c.kind.in_(KINDS))
        )
        if _goes_on(wait, failed_path, opened.forgotten)
    ]
    for wait in carried:
        path = _step_of(wait)
        for table, its in ((WAIT, wait.path), (STEP_RUN, path)):
            moved = update(table).where(*_here(table, way), table.c.path == its)
            connection.execute(moved.values(round=way.next))
        if wait.kind == answers.CHILD:
            _move_child(connection, way, path)
        if wait.kind == answers.APPROVAL:
            reminders.carry(connection, way.run_id, path, way.round, way.next)


def _here(table: Any, way: Way) -> tuple[ColumnElement[bool], ...]:
    return table.c.run_id == way.run_id, table.c.round == way.round


def _goes_on(wait: Row[Any], failed_path: str, forgotten: list[str]) -> bool:
    """Whether its step is to go on where it stood; what failed or is done anew begins anew."""
    path = _step_of(wait)
    if path == failed_path or wait.payload == answers.TIMED_OUT:
        return False
    has_ended = wait.kind == answers.CHILD and wait.answered_at is not None
    if has_ended and wait.payload["state"] != RunState.SUCCEEDED:
        return False
    return not any(path == gone or path.startswith(f"{gone}/") for gone in forgotten)


def _step_of(wait: Row[Any]) -> str:
    return crashes.asked_path(wait.path) if wait.kind == crashes.KIND else str(wait.path)


def _move_child(connection: Connection, way: Way, path: str) -> None:
    """Its end answers the round that waits for it."""
    before, after = (children.place_of(path, number) for number in (way.round, way.next))
    its = RUN.c.parent_run_id == way.run_id, RUN.c.parent_path == before
    connection.execute(update(RUN).where(*its).values(parent_path=after))
