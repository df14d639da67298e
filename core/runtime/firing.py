"""Start what schedules have due: each due time once, however many schedulers there are."""

import logging
import random
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Row, or_, select, update
from sqlalchemy.orm import aliased

from core.engine import calendar
from core.engine.recurrence import due
from core.engine.states import FINAL, Reason, RunState
from core.runtime import admission, places, runs, schedules
from core.storage.columns import database_now
from core.storage.db import db, read_connection, transaction, write_connection
from core.storage.run import Run
from core.storage.schedule import Schedule
from core.storage.workflow import Version, Workflow
from core.storage.workspace import Workspace

MOST_AT_ONCE = 50
MOST_ROUNDS = 20
SCHEDULE, WORKFLOW, WORKSPACE, RUN = (
    Schedule.__table__,
    Workflow.__table__,
    Workspace.__table__,
    Run.__table__,
)
UNFINISHED = tuple(state for state in RunState if state not in FINAL)
CAN_FIRE = (
    WORKFLOW.c.id == SCHEDULE.c.workflow_id,
    WORKFLOW.c.is_enabled,
    WORKFLOW.c.deleted_at.is_(None),
    WORKSPACE.c.id == SCHEDULE.c.workspace_id,
    WORKSPACE.c.schedules_paused_at.is_(None),
    SCHEDULE.c.is_paused.is_(False),
)
log = logging.getLogger(__name__)


def fire_due() -> int:
    """Start a run for every due time; returns how many runs this process started."""
    started = 0
    for _ in range(MOST_ROUNDS):
        found = _due()
        for schedule in found:
            started += _fire_safely(schedule)
        if len(found) < MOST_AT_ONCE:
            break
    return started


def let_in() -> int:
    """Queue the runs in line whose schedule has none before them any more."""
    earlier = aliased(Run)
    before = (
        select(earlier.id)
        .where(
            earlier.schedule_id == RUN.c.schedule_id,
            earlier.state.in_(UNFINISHED),
            earlier.id != RUN.c.id,
            or_(
                earlier.state != RunState.WAITING,
                earlier.reason.is_(None),
                earlier.reason != Reason.LIMIT,
                earlier.due_at < RUN.c.due_at,
            ),
        )
        .exists()
    )
    in_line = (
        RUN.c.state == RunState.WAITING,
        RUN.c.schedule_id.is_not(None),
        RUN.c.reason == Reason.LIMIT,
        RUN.c.line.is_(None),
        ~before,
    )
    with read_connection() as connection:
        query = select(RUN.c.id).where(*in_line).limit(MOST_AT_ONCE)
        found = list(connection.execute(query))
    for run in found:
        with write_connection() as connection:
            moved = connection.execute(
                update(RUN)
                .where(RUN.c.id == run.id, *in_line)
                .values(**places.onward())
                .returning(*RUN.c)
            ).all()
        admission.enter_all(moved)
    return len(found)


def _due() -> list[Row[tuple[int, datetime, datetime]]]:
    """What is due by the database's clock, in an order that other schedulers don't have."""
    query = (
        select(SCHEDULE.c.id, SCHEDULE.c.next_at, database_now().label("now"))
        .where(SCHEDULE.c.next_at <= database_now(), *CAN_FIRE)
        .order_by(SCHEDULE.c.next_at)
        .limit(MOST_AT_ONCE)
    )
    with read_connection() as connection:
        found = list(connection.execute(query))
    random.shuffle(found)
    return found


def _fire_safely(found: Row[tuple[int, datetime, datetime]]) -> int:
    """One schedule's failure keeps no other from its time."""
    try:
        return _fire(found.id, found.next_at, found.now)
    except Exception:
        log.exception("schedule %s could not be started; it is tried again", found.id)
        return 0


def _fire(schedule_id: int, next_at: datetime, now: datetime) -> int:
    """In one transaction: go on to the next time, unless another did, and start what is due."""
    with transaction() as session:
        query = select(Schedule).where(Schedule.id == schedule_id, Schedule.next_at == next_at)
        query = query.with_for_update(skip_locked=True)
        schedule = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
        if schedule is None:
            return 0
        started = _start(schedule, now)
    admission.enter_all(started)
    return len(started)


def _start(schedule: Schedule, now: datetime) -> list[Run]:
    """Write the runs of all due times, and the schedule's next time."""
    first = schedule.next_at or now
    after = max(first, schedule.moved_from or first)
    rhythm = schedules.rhythm(schedule)
    found = due.due(rhythm, first, now, schedule.missed, after=after)
    busy = _unfinished(schedule)
    times = _without_started(schedule, found.times)
    starts = due.starts(times, schedule.overlap, is_busy=bool(busy))
    if schedule.overlap == "replace" and starts:
        _end(busy)
    started = [_add(schedule, at, in_line=in_line) for at, in_line in starts]
    schedule.missed_count += found.missed
    schedule.skipped_count += len(times) - len(starts)
    schedule.next_at, schedule.moved_from = rhythm.next_after(max(now, after)), None
    if started:
        schedule.last_at, schedule.last_run_id = started[-1].due_at, started[-1].id
    return started


def _add(schedule: Schedule, at: datetime, *, in_line: bool) -> Run:
    """A run for one due time."""
    session = db.session
    run = runs.add(
        runs.NewRun(
            session.get_one(Workflow, schedule.workflow_id),
            session.get_one(Version, schedule.version_id),
            "schedule",
            schedule.input,
            origin_key=_origin_key(schedule, at),
            started_by=f"schedule {schedule.key}",
            timezone=schedules.zone_of(schedule),
            due_at=at,
            schedule_id=schedule.id,
        )
    )
    if in_line:
        run.state, run.reason, run.line = RunState.WAITING, Reason.LIMIT, None
    return run


def _origin_key(schedule: Schedule, at: datetime) -> str:
    return f"schedule:{schedule.key}:{calendar.write(at)}"


def _without_started(schedule: Schedule, times: Sequence[datetime]) -> list[datetime]:
    """The times that have no run yet: each gets one, whatever becomes of the schedule."""
    keys = {_origin_key(schedule, at): at for at in times}
    taken = db.session.scalars(
        select(Run.origin_key).where(
            Run.workflow_id == schedule.workflow_id, Run.origin_key.in_(keys)
        )
    )
    for key in taken:
        keys.pop(key or "", None)
    return list(keys.values())


def _unfinished(schedule: Schedule) -> list[Run]:
    here = Run.schedule_id == schedule.id, Run.state.in_(UNFINISHED)
    return list(db.session.scalars(select(Run).where(*here)))


def _end(busy: list[Run]) -> None:
    """Stop the runs that a new one replaces."""
    for run in busy:
        runs.cancel_unless_ended(run)
