"""What is planned and what waits, for the page that shows both."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select, update

from core import clock
from core.engine import entries
from core.engine.errors import StateConflict
from core.engine.states import Line, Reason, RunState
from core.runtime import journal, runs
from core.storage.db import db, transaction
from core.storage.run import Run, Wait
from core.storage.schedule import Schedule
from core.storage.workflow import Version, Workflow
from core.storage.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Planned:
    """A schedule with its workflow, the version it runs, and how its last run stands."""

    schedule: Schedule
    workflow: Workflow
    version: int | None
    last_state: str | None
    last_began: datetime | None
    zone: str

    @property
    def is_on(self) -> bool:
        """Whether it would start something: neither it nor its workflow is switched off."""
        return self.workflow.is_enabled and not self.schedule.is_paused


@dataclass(frozen=True, slots=True)
class Waiting:
    """A run that sleeps or is in line, with its workflow and version."""

    run: Run
    workflow: Workflow
    version: int | None

    @property
    def can_move(self) -> bool:
        """Whether it waits for a moment, which can be another one."""
        return self.run.reason == Reason.TIME and self.run.wake_at is not None


def planned(workspace: Workspace, *, text: str = "", only: int | None = None) -> list[Planned]:
    """The schedules of a workspace, those that come first first, paused ones last."""
    query = (
        select(Schedule, Workflow, Version.number, Run.state, Run.created_at)
        .join(Workflow, Workflow.id == Schedule.workflow_id)
        .join(Version, Version.id == Schedule.version_id)
        .outerjoin(Run, Run.id == Schedule.last_run_id)
        .where(Schedule.workspace_id == workspace.id, Workflow.deleted_at.is_(None))
    )
    if only is not None:
        query = query.where(Schedule.id == only)
    if text:
        query = query.where(_holds(text, Workflow.label, Workflow.name, Schedule.key))
    found = [
        Planned(schedule, workflow, version, state, at, schedule.timezone or workspace.timezone)
        for schedule, workflow, version, state, at in db.session.execute(query)
    ]
    return sorted(found, key=lambda each: (not each.is_on, each.schedule.next_at or clock.now()))


def find(workspace: Workspace, schedule_id: int) -> Planned | None:
    """One schedule, if it belongs to the workspace."""
    return next(iter(planned(workspace, only=schedule_id)), None)


def waiting(
    workspace_id: int, *, text: str = "", workflow_id: int | None = None, limit: int
) -> list[Waiting]:
    """The runs that wait, those that go on first first."""
    query = (
        select(Run, Workflow, Version.number)
        .join(Workflow, Workflow.id == Run.workflow_id)
        .join(Version, Version.id == Run.version_id)
        .where(*_waits(workspace_id))
    )
    if workflow_id is not None:
        query = query.where(Run.workflow_id == workflow_id)
    if text:
        query = query.where(_holds(text, Run.title, Run.id, Workflow.label))
    query = query.order_by(Run.wake_at.is_(None), Run.wake_at, Run.id).limit(limit)
    return [Waiting(run, workflow, number) for run, workflow, number in db.session.execute(query)]


def waiting_count(workspace_id: int) -> int:
    """How many runs wait."""
    return db.session.scalar(select(func.count(Run.id)).where(*_waits(workspace_id))) or 0


def run_count(schedule: Schedule) -> int:
    """How many runs a schedule has started."""
    mine = Run.schedule_id == schedule.id, Run.state.in_(list(RunState))
    return db.session.scalar(select(func.count(Run.id)).where(*mine)) or 0


def cancel(workspace_id: int, run_ids: Sequence[str], *, by: str = "") -> int:
    """Cancel the runs of these ids that wait; returns how many there were."""
    query = select(Run).where(*_waits(workspace_id), Run.id.in_(run_ids))
    found = list(db.session.scalars(query))
    for run in found:
        runs.cancel_unless_ended(run, by=by)
    return len(found)


def move(run: Run, at: datetime) -> None:
    """Let a run that waits for a moment go on at another one; raises StateConflict."""
    with transaction() as session:
        query = select(Run.__table__).where(Run.__table__.c.id == run.id).with_for_update()
        row = session.execute(query).one()
        if row.state != RunState.WAITING or row.reason != Reason.TIME:
            raise StateConflict("it does not wait for a moment any more")
        mine = Wait.run_id == row.id, Wait.round == row.round, Wait.answered_at.is_(None)
        # Waits that are over keep their rows, with times before the one it waits for now.
        waits = list(session.scalars(select(Wait).where(*mine, Wait.wake_at >= row.wake_at)))
        if not waits:  # it has not begun
            session.execute(update(Run).where(Run.id == row.id).values(wake_at=at, due_at=at))
            return
        first = min(waits, key=lambda wait: wait.wake_at or at)
        first.wake_at = at
        # The journal has the last word when the run is taken up again.
        entry = entries.opened(first.path, {"wake_at": at.timestamp()}, clock.now())
        journal.append(session.connection(), row.id, row.seq + 1, row.fence, entry)
        wake_at = min(wait.wake_at for wait in waits if wait.wake_at is not None)
        moved = {"wake_at": wake_at, "seq": row.seq + 1}
        session.execute(update(Run).where(Run.id == row.id).values(**moved))


def _waits(workspace_id: int) -> tuple[Any, ...]:
    """What waits; the items of batches stand on their batch's page."""
    is_single = or_(Run.line.is_(None), Run.line != Line.BATCH)
    return Run.workspace_id == workspace_id, Run.state == RunState.WAITING, is_single


def _holds(text: str, *columns: Any) -> Any:
    return db.or_(*(column.icontains(text, autoescape=True) for column in columns))
