"""What a failed run still awaits goes with it into its next round: nothing is begun twice.

Runs it has started, questions it has asked, and calls that came early stay as they are, unless
they belong to what is opened again.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from core.engine import answers, crashes
from core.engine.reopening import Reopening
from core.engine.states import RunState
from core.runtime import children, reminders
from core.storage.run import Run, StepRun, Wait

RUN, WAIT, STEP_RUN = Run.__table__, Wait.__table__, StepRun.__table__
KINDS = (crashes.KIND, *answers.KINDS)
MOST_AT_ONCE = 500  # of the many that a long loop has waited for


def carry(connection: Connection, run: Row[Any], failed_path: str, opened: Reopening) -> None:
    """Move what the run awaits into its next round, in the transaction that begins it."""
    here = WAIT.c.run_id == run.id, WAIT.c.round == run.round, WAIT.c.kind.in_(KINDS)
    found = connection.execute(select(WAIT).where(*here)).all()
    waits = [wait for wait in found if _goes_on(wait, failed_path, opened.forgotten)]
    for some in _portions([wait.path for wait in waits]):
        _move(connection, WAIT, run, some)
    for some in _portions(sorted({_step_of(wait) for wait in waits})):
        _move(connection, STEP_RUN, run, some)
    for some in _portions([wait.path for wait in waits if wait.kind == answers.CHILD]):
        _move_children(connection, run, some)
    asked = [wait.path for wait in waits if wait.kind == answers.APPROVAL and not wait.answered_at]
    if asked:
        reminders.carry(connection, run.id, asked, run.round, run.round + 1)


def _goes_on(wait: Row[Any], failed_path: str, forgotten: Collection[str]) -> bool:
    """Whether its step is to go on where it stood; what failed or is done anew begins anew."""
    path = _step_of(wait)
    if path == failed_path or wait.payload in answers.UNANSWERED:
        return False
    has_ended = wait.kind == answers.CHILD and wait.answered_at is not None
    if has_ended and wait.payload["state"] != RunState.SUCCEEDED:
        return False
    return not any(path == gone or path.startswith(f"{gone}/") for gone in forgotten)


def _step_of(wait: Row[Any]) -> str:
    return crashes.asked_path(wait.path) if wait.kind == crashes.KIND else str(wait.path)


def _portions(paths: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(paths), MOST_AT_ONCE):
        yield paths[start : start + MOST_AT_ONCE]


def _move(connection: Connection, table: Any, run: Row[Any], paths: Sequence[str]) -> None:
    its = table.c.run_id == run.id, table.c.round == run.round, table.c.path.in_(paths)
    connection.execute(update(table).where(*its).values(round=run.round + 1))


def _move_children(connection: Connection, run: Row[Any], paths: Sequence[str]) -> None:
    """Their ends answer the round that waits for them."""
    old, new = (children.place_of("", number) for number in (run.round, run.round + 1))
    its = RUN.c.parent_run_id == run.id, RUN.c.parent_path.in_([path + old for path in paths])
    path = func.substr(RUN.c.parent_path, 1, func.length(RUN.c.parent_path) - len(old))
    connection.execute(update(RUN).where(*its).values(parent_path=path + new))
