"""How a held run ends: well, badly, cancelled, or by a mistake of ours; and who is told."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, update

from core import queue
from core.engine.executor import Ended
from core.engine.states import RunState
from core.runtime import children, failures, places, turns
from core.runtime.journal import RunJournal
from core.runtime.leases import Claim
from core.storage.columns import database_now
from core.storage.db import write_connection
from core.storage.run import Run

RUN = Run.__table__
log = logging.getLogger(__name__)
Rung = str | tuple[int, str]  # a run to ring for, or a line in which there may be a place
LET_GO: Mapping[str, Any] = {
    "lease_until": None,
    "worker_id": None,
    "wake_at": None,
    "line": None,
}


def end(
    claim: Claim, journal: RunJournal, ended: Ended, response: Mapping[str, Any] | None
) -> None:
    """Write the last entries, the final state and what follows from it together; then tell."""
    state = RunState(ended.state)
    answer = {"state": ended.state, "response": response, "error": ended.error}
    rung = journal.commit(
        lambda connection: _follow(connection, claim.row, state, answer), **moves(ended, response)
    )
    log_end(claim.row.id, state)
    tell(claim.row.id, rung)


def log_end(run_id: str, state: str) -> None:
    """The log's one line for the end of a run."""
    log.info("a run has ended", extra={"run_id": run_id, "state": str(state)})


def moves(ended: Ended, response: Mapping[str, Any] | None) -> dict[str, Any]:
    """What is written of a run that ends so."""
    return {
        "state": RunState(ended.state),
        "reason": ended.reason,
        "response": response,
        "error": ended.error,
        **LET_GO,
    }


def cancel_held(claim: Claim, journal: RunJournal) -> None:
    """Make a cancellation final that its holder has now seen, with all that it knows."""
    # Whoever asked for it may have written why into the run.
    _close(claim, RunState.CANCELLED, cancelled_error(), journal, RUN.c.reason)


def fail_inside(claim: Claim, reference: str) -> None:
    """A mistake of ours: the run fails with a reference to the log."""
    message = f"internal error; the log says more under {reference}"
    error = {"kind": "internal", "message": message, "retryable": False}
    _close(claim, RunState.FAILED, error=error)


def cancelled_error(message: str = "the run was cancelled") -> dict[str, Any]:
    """The error object of a run that was ended on purpose."""
    return {"kind": "cancelled", "message": message, "retryable": False}


def close(
    connection: Connection,
    run: Row[Any],
    state: RunState,
    error: Mapping[str, Any] | None,
    reason: Any,
) -> Sequence[Rung]:
    """Write a final state for a run nobody holds any more; returns the runs to ring."""
    told = None if error is None else dict(error)
    values = {"state": state, "error": told, "reason": reason, "finished_at": database_now()}
    connection.execute(update(RUN).where(RUN.c.id == run.id).values(**values, **LET_GO))
    answer = {"state": state, "response": None, "error": told}
    return _follow(connection, run, state, answer)


def tell(run_id: str, rung: Sequence[Rung]) -> None:
    """Wake whoever waits for this run: callers, pages, its parent; and what its end started."""
    queue.announce(run_id)
    ring(rung)


def ring(rung: Sequence[Rung]) -> None:
    """Ring for runs that can go on, and look at lines in which one might."""
    for other in rung:
        if isinstance(other, str):
            queue.ring(other)
        else:
            _let_in(*other)


def _let_in(workflow_id: int, limit_key: str) -> None:
    from core.runtime import admission  # which ends runs itself

    admission.let_in_safely(workflow_id, limit_key)


def _follow(
    connection: Connection, run: Row[Any], state: RunState, answer: Mapping[str, Any]
) -> Sequence[Rung]:
    """Answer a waiting parent, make room, and do what follows a failure; returns runs to ring."""
    parent = children.answer_parent(connection, run, answer)
    started = None
    if state == RunState.FAILED:
        started = failures.follow(connection, run, answer["error"])
    of_batch = turns.pass_on(connection, run)
    following = places.pass_on(connection, run)
    return [other for other in (parent, started, following, *of_batch) if other is not None]


def _close(
    claim: Claim,
    state: RunState,
    error: Mapping[str, Any],
    journal: RunJournal | None = None,
    reason: Any = None,
) -> None:
    mine = RUN.c.id == claim.row.id, RUN.c.fence == claim.fence, RUN.c.state == RunState.RUNNING
    with write_connection() as connection:
        held = connection.execute(update(RUN).where(*mine).values(lease_until=None))
        if held.rowcount != 1:
            return
        if journal is not None:
            seq = journal.leave(connection)
            connection.execute(update(RUN).where(*mine).values(seq=seq))
        rung = close(connection, claim.row, state, error, reason)
    log_end(claim.row.id, state)
    tell(claim.row.id, rung)
