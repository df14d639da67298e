"""The tries of one step: when each began and ended, and what followed."""

from collections.abc import Sequence
from datetime import datetime

from core.engine.traces import Hold, Trace
from core.runtime.step_view import Attempt
from core.storage.run import StepRun


def attempts_of(
    trace: Trace, row: StepRun | None, holds: Sequence[Hold], started_at: datetime | None
) -> tuple[Attempt, ...]:
    """The failed tries and the last one; nothing for a step that does its work in one go."""
    if row is None and not trace.failed_attempts:
        return ()
    found = []
    begun = row.started_at if row else started_at
    for failed in trace.failed_attempts:
        found.append(Attempt(failed.attempt, begun, failed.at, failed.error, failed.due))
        begun = _taken_up(holds, failed.due) if failed.due else None
    if row is not None and row.attempt > len(found) and row.state != "skipped":
        error = row.error if row.state == "failed" else None
        found.append(Attempt(row.attempt, begun or row.started_at, row.finished_at, error))
    return tuple(found)


def _taken_up(holds: Sequence[Hold], due: datetime) -> datetime:
    """When a try that was due then really began: a sleeping run has to be woken first."""
    for hold in holds:
        if hold.ended_at is None or due < hold.ended_at:
            return max(due, hold.taken_at)
    return due
