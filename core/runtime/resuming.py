"""Take a failed run up again, from the step that failed: a person says so, and perhaps how."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select, update

from core import clock
from core.engine import entries
from core.engine.errors import StateConflict
from core.engine.reopening import (
    NotResumable,
    Reopening,
    added_later,
    reopen_inside,
    reopening,
    same_way,
    way_to,
)
from core.engine.restore import History
from core.engine.states import RunState
from core.runtime import admission, definitions, journal, places, turns
from core.runtime.carrying import carry
from core.storage.columns import database_now
from core.storage.db import read_connection, write_connection
from core.storage.run import Run
from core.storage.workflow import Version, Workflow

RUN, WORKFLOW, VERSION = Run.__table__, Workflow.__table__, Version.__table__
AFRESH: Mapping[str, Any] = {
    "state": RunState.QUEUED,
    "reason": None,
    "error": None,
    "response": None,
    "finished_at": None,
    "deaths": 0,
    "lane": "io",
    "running_ms": 0,
    "steps_used": 0,
    "cancel_requested_at": None,
    "cancelled_by": None,
}

__all__ = ["NotResumable", "Plan", "plan", "reopen", "retry"]


@dataclass(frozen=True, slots=True)
class Plan:
    """How a failed run would go on: at which path, on which version, and what is opened again."""

    path: str
    version_id: int
    reopening: Reopening


def plan(
    run: Run | Row[Any],
    *,
    is_published: bool = False,
    is_skipped: bool = False,
    inputs: Mapping[str, Any] | None = None,
) -> Plan:
    """See whether it can be taken up, on its own version or the published one.

    Raises NotResumable, which says why not.
    """
    if run.state != RunState.FAILED:
        raise NotResumable(f"only a failed run can be retried, and this one is {run.state}")
    error = run.error or {}
    path, step_id = str(error.get("path") or ""), str(error.get("step") or "")
    version_id = _published(run) if is_published else run.version_id
    if not path:
        if is_published or is_skipped or inputs is not None:
            raise NotResumable("no step is to blame, so it can only go on as it was")
        return Plan("", version_id, Reopening())
    own = way_to(definitions.of_version(run.version_id), step_id, path)
    levels = own
    if version_id != run.version_id:
        levels = way_to(definitions.of_version(version_id), step_id, path)
        same_way(own, levels)
    if inputs is not None and levels[-1].step.branches:
        raise NotResumable(f"“{step_id}” is a block, and nothing else can go into it")
    opened = reopening(levels)
    opened.is_skipped, opened.inputs = is_skipped, inputs
    is_block, is_other = bool(levels[-1].step.branches), levels is not own
    history = journal.load(run.id, run.round) if is_block or is_other else History()
    if is_block:
        reopen_inside(opened, levels[-1], history)
    if is_other:
        opened.later = added_later(definitions.of_version(version_id), opened, history)
    return Plan(path, version_id, opened)


def retry(run: Run, plan: Plan, *, by: str) -> None:
    """Queue the failed run again as planned; raises StateConflict if somebody was faster.

    The call that started it was answered when it failed; who asks for its state sees it go on.
    """
    with write_connection() as connection:
        taken_up = reopen(connection, run, plan, by=by)
    admission.enter(taken_up)


def reopen(connection: Connection, run: Run | Row[Any], plan: Plan, *, by: str) -> Run:
    """Write that it goes on; returns what is to be let in after the commit."""
    failed = RUN.c.id == run.id, RUN.c.state == RunState.FAILED, RUN.c.round == run.round
    row = connection.execute(select(RUN).where(*failed).with_for_update()).one_or_none()
    if row is None:
        raise StateConflict("somebody has taken it up already")
    written = {**plan.reopening.to_json(), **_for_pages(connection, row, plan)}
    entry = entries.retried(plan.path, row.round + 1, written, by, clock.now())
    journal.append(connection, row.id, row.seq + 1, row.fence + 1, entry)
    carry(connection, row, plan.path, plan.reopening)
    line = _line(connection, row)
    values = {**AFRESH, **line, "version_id": plan.version_id, "rung_at": database_now()}
    counted = {"seq": row.seq + 1, "fence": row.fence + 1, "round": row.round + 1}
    counted["idle_ms"] = row.idle_ms + clock.milliseconds_since(row.finished_at)
    connection.execute(update(RUN).where(RUN.c.id == row.id).values(**values, **counted))
    known = {"id": row.id, "workflow_id": row.workflow_id, "limit_key": row.limit_key}
    return Run(**known, batch_id=row.batch_id, **{"line": None, **AFRESH, **line})


def _for_pages(connection: Connection, row: Row[Any], plan: Plan) -> dict[str, Any]:
    """What only the run's story needs: when it failed, and the other version it goes on with."""
    told: dict[str, Any] = {"failed_at": row.finished_at.timestamp()}
    if plan.version_id == row.version_id:
        return told
    query = select(VERSION.c.number).where(VERSION.c.id == plan.version_id)
    return {**told, "version": connection.execute(query).scalar_one()}


def _line(connection: Connection, row: Row[Any]) -> dict[str, Any]:
    """A run gave up its turn and its place when it failed: it stands in line for them again."""
    if row.batch_id is not None and turns.take_up(connection, row):
        return {**turns.IN_LINE, "started_at": None}
    return {} if row.limit_key is None else {**places.IN_LINE, "started_at": None}


def _published(run: Run | Row[Any]) -> int:
    columns = WORKFLOW.c.deleted_at, WORKFLOW.c.published_id
    with read_connection() as connection:
        query = select(*columns).where(WORKFLOW.c.id == run.workflow_id)
        workflow = connection.execute(query).one()
    if workflow.deleted_at is not None:
        raise NotResumable("its workflow has been deleted")
    if workflow.published_id is None:
        raise NotResumable("its workflow has not been published")
    return int(workflow.published_id)
