"""Whether what is stored about runs fits together: nobody stuck, no late writes, no half ends.

A run that has not ended is in line, is held under a living lease, wakes at a time to come, or waits
for something that has a name. Everything here only reads.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import aliased

from core.engine.states import FINAL, Reason, RunState
from core.runtime import children
from core.storage.columns import database_now
from core.storage.db import read_connection
from core.storage.run import Run, Segment, StepRun, Wait

PATIENCE = timedelta(seconds=60)  # rescue, waking and ringing take seconds
MOST_NAMED = 3
FOR_PEOPLE = (Reason.UNKNOWN_OUTCOME, Reason.APPROVAL)


@dataclass(frozen=True, slots=True)
class Break:
    """A rule that some runs break; the newest of them by id."""

    rule: str
    run_ids: tuple[str, ...]
    count: int


def stuck() -> Iterator[Break]:
    """Unfinished runs that nothing will move on."""
    before = database_now() - PATIENCE.total_seconds()
    is_running = Run.state == RunState.RUNNING
    lost = or_(Run.lease_until.is_(None), Run.lease_until < before)
    yield from _look("held by a worker that is gone", and_(is_running, lost))
    is_waiting = and_(Run.state == RunState.WAITING, Run.line.is_(None))
    yield from _look("should have woken", and_(is_waiting, Run.wake_at < before))
    awaits = exists().where(Wait.run_id == Run.id, Wait.answered_at.is_(None))
    is_asked = and_(Run.reason.is_not(None), Run.reason.in_(FOR_PEOPLE))
    for_nothing = and_(is_waiting, Run.wake_at.is_(None), ~awaits, ~is_asked)
    yield from _look("wait for nothing", for_nothing)
    child = aliased(Run)
    is_over = exists().where(
        Wait.run_id == Run.id,
        Wait.kind == "child",
        Wait.answered_at.is_(None),
        Wait.round == Run.round,
        child.parent_run_id == Run.id,
        child.parent_path == children.place_column(Wait.path, Wait.round),
        child.finished_at < before,
    )
    yield from _look("wait for a run that has ended", and_(is_waiting, is_over))


def broken() -> Iterator[Break]:
    """Ends that are not whole, and journals that somebody wrote to after having lost the run."""
    ended = Run.state.in_(FINAL)
    held = or_(
        Run.lease_until.is_not(None),
        Run.worker_id.is_not(None),
        Run.wake_at.is_not(None),
        Run.line.is_not(None),
    )
    yield from _look("have ended and are still held or in line", and_(ended, held))
    has_end = Run.finished_at.is_not(None)
    yield from _look(
        "are over without an end, or the reverse", or_(ended & ~has_end, ~ended & has_end)
    )
    has_waited = exists().where(  # such a step has but begun; what it gave is the wait's answer
        Wait.run_id == StepRun.run_id, Wait.path == StepRun.path, Wait.round == StepRun.round
    )
    here = StepRun.run_id == Run.id, StepRun.round == Run.round
    begun = exists().where(*here, StepRun.state == "started", ~has_waited)
    succeeded = Run.state == RunState.SUCCEEDED
    yield from _look("succeeded with a step under way", and_(succeeded, begun))
    earlier = func.lag(Segment.fence).over(partition_by=Segment.run_id, order_by=Segment.seq)
    fences = select(Segment.run_id, Segment.fence, earlier.label("earlier")).subquery()
    late = select(fences.c.run_id).where(fences.c.fence < fences.c.earlier)
    beyond = exists().where(Segment.run_id == Run.id, Segment.seq > Run.seq)
    yield from _look("were written to by who had lost them", or_(Run.id.in_(late), beyond))


def _look(rule: str, is_so: ColumnElement[bool]) -> Iterator[Break]:
    with read_connection() as connection:
        count = connection.execute(select(func.count()).where(is_so).select_from(Run)).scalar_one()
        if not count:
            return
        newest = select(Run.id).where(is_so).order_by(Run.id.desc()).limit(MOST_NAMED)
        yield Break(rule, tuple(connection.execute(newest).scalars()), count)
