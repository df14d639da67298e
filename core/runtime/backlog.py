"""What is in line at this moment, and who is there to take it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, func, select

from core import clock
from core.engine.states import RunState
from core.runtime import processes
from core.storage.db import db
from core.storage.run import Run

OLDEST_READ = 200  # rows


@dataclass(frozen=True, slots=True)
class Backlog:
    """Runs in line and running, since when the oldest waits, and the processes alive."""

    queued: int
    running: int
    oldest: datetime | None
    at: datetime
    workers: int
    schedulers: int

    @property
    def age(self) -> timedelta | None:
        """How long the oldest run in line has been waiting."""
        return max(self.at - self.oldest, timedelta()) if self.oldest else None


def backlog(workspace_id: int) -> Backlog:
    """What is in line in this workspace; workers serve all workspaces."""
    mine = Run.workspace_id == workspace_id

    queued = select(func.count()).where(mine, Run.state == RunState.QUEUED).scalar_subquery()
    running = select(func.count()).where(mine, Run.state == RunState.RUNNING).scalar_subquery()
    first = select(Run.started_at, Run.created_at, Run.rung_at)
    first = first.where(mine, Run.state == RunState.QUEUED).order_by(Run.id).limit(OLDEST_READ)
    line = first.subquery()
    # One that has begun before is in line again since it was rung for.
    since = case((line.c.started_at.is_(None), line.c.created_at), else_=line.c.rung_at)
    oldest = select(func.min(since)).scalar_subquery()
    alive = [processes.alive_count(kind) for kind in ("worker", "scheduler")]
    row = db.session.execute(select(queued, running, oldest, *alive)).one()
    return Backlog(row[0], row[1], row[2], clock.now(), row[3], row[4])
