"""How many runs each workflow had in each of the last hours."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Double, Integer, case, cast, func, type_coerce

from core.engine.states import FINAL, RunState
from core.storage.db import db
from core.storage.run import Run
from core.storage.workflow import Workflow

HOURS = 24


@dataclass(slots=True)
class LastDay:
    """A workflow's runs of the last 24 hours: (not failed, failed) for each hour, oldest first."""

    hours: list[tuple[int, int]] = field(default_factory=lambda: [(0, 0)] * HOURS)

    @property
    def run_count(self) -> int:
        """All of them."""
        return sum(good + bad for good, bad in self.hours)

    @property
    def failed_count(self) -> int:
        """Those that failed."""
        return sum(bad for _, bad in self.hours)


def of_last_day(workspace_id: int, now: datetime) -> Mapping[int, LastDay]:
    """The last 24 hours of every workflow that ran, by its id."""
    begin = now - timedelta(hours=HOURS)
    days: dict[int, LastDay] = defaultdict(LastDay)
    for workflow_id, hour, all_runs, failed in _rows(workspace_id, begin):
        place = min(max(int(hour), 0), HOURS - 1)
        good, bad = days[workflow_id].hours[place]
        days[workflow_id].hours[place] = (good + all_runs - failed, bad + failed)
    return days


def _rows(workspace_id: int, begin: datetime) -> Any:
    seconds = type_coerce(Run.created_at, Double) - begin.timestamp()
    hour = cast(func.floor(seconds / 3600), Integer)
    failed = func.sum(case((Run.state == RunState.FAILED, 1), else_=0))
    return db.session.execute(
        db.select(Run.workflow_id, hour, func.count(), failed)
        # Ids are made in the order of time, so this walks only the last day of the index.
        .where(Run.workspace_id == workspace_id, Run.id >= first_id_at(begin))
        .group_by(Run.workflow_id, hour)
    )


def first_id_at(moment: datetime) -> str:
    """The smallest id that can be made from that moment on."""
    value = f"{int(moment.timestamp() * 1000):012x}"
    return f"{value[:8]}-{value[8:]}-7000-8000-000000000000"


def moment_of(run_id: str) -> datetime:
    """When an id was made."""
    return datetime.fromtimestamp(int(run_id[:8] + run_id[9:13], 16) / 1000, UTC)


def unfinished(workspace_id: int) -> dict[str, int]:
    """How many runs are in each state that is not final."""
    states = [state for state in RunState if state not in FINAL]
    rows = db.session.execute(
        db.select(Run.state, func.count())
        .where(Run.workspace_id == workspace_id, Run.state.in_(states))
        .group_by(Run.state)
    )
    return dict.fromkeys(map(str, states), 0) | {state: count for state, count in rows}


def since(workspace_id: int, begin: datetime) -> list[tuple[str, str, int]]:
    """How many runs began since then, by their workflow's name and their present state."""
    rows = db.session.execute(
        db.select(Workflow.name, Run.state, func.count())
        .join(Workflow, Workflow.id == Run.workflow_id)
        .where(Run.workspace_id == workspace_id, Run.id >= first_id_at(begin))
        .group_by(Workflow.name, Run.state)
        .order_by(Workflow.name, Run.state)
    )
    return [(name, state, count) for name, state, count in rows]
