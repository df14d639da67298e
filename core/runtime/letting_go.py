"""Let go of what a run has begun and awaits no longer, since a path beside it has failed.

Its questions take no answer any more, runs that it had started are cancelled, and of requests that
were under way the record says that nobody knows. What failed for good keeps all of it: a retry goes
on with it.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Row, exists, select, update

from core import clock
from core.engine import answers, crashes
from core.engine.executor import Machine
from core.engine.restore import History
from core.runtime import cancelling, reminders
from core.runtime.journal import RunJournal
from core.storage.run import StepRun, Wait

WAIT, STEP_RUN = Wait.__table__, StepRun.__table__
KINDS = (crashes.KIND, *answers.KINDS)
MOST_AT_ONCE = 500  # paths


class Abandoned:
    """What one claim of a run found begun, and what its machine has dropped since."""

    def __init__(self, run: Row[Any], journal: RunJournal, history: History) -> None:
        self._run = run
        self._journal = journal
        self._found = set(_open_in(history))
        # By a holder that was lost, perhaps before it could cancel what it had just let go of.
        self._half_gone = list(_given_up_in(history)) if history.losses else []

    def finish(self) -> None:
        """Cancel the runs that a holder before us has let go of."""
        for path in self._half_gone:
            cancelling.cancel_awaited(self._run.id, path)

    def let_go(self, machine: Machine) -> None:
        """Write down what nobody awaits any more, then cancel the runs among it."""
        paths = (self._found | machine.dropped) - machine.paused.keys()
        self._found.clear()
        machine.dropped.clear()
        if not paths:
            return
        children = self._journal.commit(lambda c: _close(c, self._run, sorted(paths)))
        for path in children:
            cancelling.cancel_awaited(self._run.id, path)


def _given_up_in(history: History) -> Iterator[str]:
    """Paths at which runs were awaited, until their time was up or a path beside them failed."""
    for path, wait in history.waits.items():
        if wait.kind == answers.CHILD and wait.payload in answers.UNANSWERED:
            yield path


def _open_in(history: History) -> Iterator[str]:
    """Paths of questions without an answer, and of requests whose end is not known."""
    for path, wait in history.waits.items():
        if wait.kind in KINDS and not wait.answered:
            yield path
    for path, record in history.steps.items():
        if record.state == "started" and path not in history.waits:
            yield path


def _close(connection: Connection, run: Row[Any], paths: Sequence[str]) -> list[str]:
    """Close waits and requests at these paths; returns those at which runs were awaited."""
    children: list[str] = []
    rest = iter(paths)
    while some := list(islice(rest, MOST_AT_ONCE)):
        children += _close_waits(connection, run, some)
        _close_requests(connection, run, some)
    return children


def _close_waits(connection: Connection, run: Row[Any], paths: Sequence[str]) -> list[str]:
    closed = (
        update(WAIT)
        .where(*_here(WAIT, run, paths), WAIT.c.kind.in_(KINDS), WAIT.c.answered_at.is_(None))
        .values(payload=dict(answers.DROPPED), answered_at=clock.now())
        .returning(WAIT.c.path, WAIT.c.kind)
    )
    rows = connection.execute(closed).all()
    for path in (row.path for row in rows if row.kind == answers.APPROVAL):
        reminders.forget(connection, run.id, path)
    return [row.path for row in rows if row.kind == answers.CHILD]


def _close_requests(connection: Connection, run: Row[Any], paths: Sequence[str]) -> None:
    waits = select(WAIT.c.path).where(
        WAIT.c.run_id == STEP_RUN.c.run_id,
        WAIT.c.path == STEP_RUN.c.path,
        WAIT.c.round == STEP_RUN.c.round,
    )
    begun = STEP_RUN.c.state == "started", ~exists(waits)
    unknown = update(STEP_RUN).where(*_here(STEP_RUN, run, paths), *begun)
    connection.execute(unknown.values(state="unknown"))


def _here(table: Any, run: Row[Any], paths: Sequence[str]) -> tuple[Any, ...]:
    return table.c.run_id == run.id, table.c.round == run.round, table.c.path.in_(paths)
