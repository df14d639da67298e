"""Runs that a run starts: written together with its step, answered together with their end."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, String, case, cast, insert, select, update

from core import clock
from core.engine import parameters
from core.engine.definition import Definition
from core.engine.errors import StepFailed
from core.engine.outcomes import Done, StartRun
from core.engine.requests import Perform
from core.engine.states import Reason, RunState
from core.runtime import definitions, places, scope, titles
from core.storage.columns import database_now, new_id
from core.storage.run import Run, Wait
from core.storage.workflow import Version, Workflow

MOST_DEPTH = 20  # runs that wait for or call one another
MOST_CHAIN = 1000  # runs that plan one another
RUN, WAIT, WORKFLOW, VERSION = (
    Run.__table__,
    Wait.__table__,
    Workflow.__table__,
    Version.__table__,
)


@dataclass(frozen=True, slots=True)
class Starter:
    """What a run takes over from whoever starts it; a run's row has all of it, too."""

    id: str | None
    title: str
    workspace_id: int
    mode: str
    depth: int
    chain: int
    timezone: str

    @classmethod
    def of_batch(cls, batch: Row[Any]) -> "Starter":
        """A batch starts runs as the run did that planned it."""
        shared = (batch.workspace_id, batch.mode, batch.depth, batch.chain, batch.timezone)
        return cls(batch.run_id, batch.started_by, *shared)


def start(
    connection: Connection, parent: Row[Any], perform: Perform, order: StartRun, *, now: datetime
) -> tuple[Run, StartRun | Done]:
    """Write the child and, if the parent waits for it, the wait; raises StepFailed.

    Returns the child, to be let in after the commit, and what the step goes on with.
    """
    if order.is_planned:
        check_chain(parent)
    elif parent.depth >= MOST_DEPTH:
        raise StepFailed(f"workflows start each other more than {MOST_DEPTH} deep", kind="limit")
    workflow_id, version_id, definition = version_of(connection, parent, order.workflow)
    values = checked(definition, order, parent.timezone)
    place = place_of(perform.path, parent.round)
    child = row_of(parent, place, workflow_id, version_id, values, is_planned=order.is_planned)
    if order.at is not None:
        child |= due(order.at, now)
    connection.execute(insert(RUN).values(child))
    if not order.wait:
        return Run(**child), Done({"run_id": child["id"]})
    wait = {"run_id": parent.id, "path": perform.path, "round": parent.round, "kind": "child"}
    connection.execute(insert(WAIT).values(wait))
    return Run(**child), order


def check_chain(parent: Row[Any]) -> None:
    """Raises StepFailed when runs have planned one another for too long."""
    if parent.chain >= MOST_CHAIN:
        said = f"runs have planned one another {MOST_CHAIN:,} times in a row; this ends here"
        raise StepFailed(said, kind="limit")


def due(at: datetime, now: datetime) -> dict[str, Any]:
    """What is written of a run that is to begin at a moment; one that has passed is at once."""
    if at <= now:
        return {"due_at": at}
    asleep = {"state": RunState.WAITING, "reason": Reason.TIME, "line": None}
    return {**asleep, "due_at": at, "wake_at": at}


def row_of(
    parent: Row[Any] | Starter,
    path: str | None,
    workflow_id: int,
    version_id: int,
    values: Mapping[str, Any],
    *,
    is_planned: bool = False,
) -> dict[str, Any]:
    """What is written of a run that this one starts at that path, or plans for later."""
    input = {**values, "headers": {}, "query": {}, "body": dict(values), "caller": None}

    def make_scope() -> dict[str, Any]:
        return scope.before_run(parent.workspace_id, input, "workflow", parent.timezone)

    return {
        "id": new_id(),
        "workspace_id": parent.workspace_id,
        "workflow_id": workflow_id,
        "version_id": version_id,
        "mode": parent.mode,
        "origin": "workflow",
        "started_by": parent.title or parent.id,
        "parent_run_id": parent.id,
        "parent_path": path,
        "depth": parent.depth + (not is_planned),
        "chain": parent.chain + is_planned,
        "title": titles.title(version_id, make_scope),
        "input": input,
        "lane": "io",
        "state": RunState.QUEUED,
        "timezone": parent.timezone,
        "created_at": clock.now(),
        "rung_at": clock.now(),
        **places.entering(version_id, parent.mode, make_scope),
    }


def place_of(path: str, round_: int) -> str:
    """Where in its parent a child stands: one for each round in which the step was done."""
    return path if round_ == 1 else f"{path}:r{round_}"


def place_column(path: Any, round_: Any) -> Any:
    """The same of columns, in a query."""
    return case((round_ == 1, path), else_=path + ":r" + cast(round_, String))


def read_place(place: str) -> tuple[str, int]:
    """The path and the round of a child's place."""
    path, _, round_ = place.partition(":r")
    return path, int(round_) if round_.isdigit() else 1


def answer_parent(connection: Connection, child: Row[Any], answer: Mapping[str, Any]) -> str | None:
    """Give a waiting parent the child's end; returns the parent's id if it is to be rung."""
    if child.parent_run_id is None or child.batch_id is not None:
        return None
    # The run's row is locked before the wait's, as the parent itself does when it falls asleep.
    parent = connection.execute(
        select(RUN.c.id).where(RUN.c.id == child.parent_run_id).with_for_update()
    ).one_or_none()
    if parent is None:
        return None
    # Read now that the parent is locked: since the child was claimed, it may be in another round.
    place = select(RUN.c.parent_run_id, RUN.c.parent_path).where(RUN.c.id == child.id)
    child = connection.execute(place).one()
    connection.execute(
        update(WAIT)
        .where(*_awaiting(child), WAIT.c.kind == "child", WAIT.c.answered_at.is_(None))
        .values(payload=dict(answer), answered_at=clock.now())
    )
    woken = connection.execute(
        update(RUN)
        .where(RUN.c.id == parent.id, RUN.c.state == RunState.WAITING, _is_answered(child))
        .values(state=RunState.QUEUED, reason=None, wake_at=None, rung_at=database_now())
    )
    return str(parent.id) if woken.rowcount else None


def _awaiting(child: Row[Any]) -> tuple[ColumnElement[bool], ...]:
    """The wait for this child: of its own round, so that a late one answers no later round."""
    path, round_ = read_place(child.parent_path)
    return WAIT.c.run_id == child.parent_run_id, WAIT.c.path == path, WAIT.c.round == round_


def _is_answered(child: Row[Any]) -> Any:
    return (
        select(WAIT.c.run_id)
        .where(*_awaiting(child))
        .where(WAIT.c.answered_at.is_not(None))
        .exists()
    )


def version_of(connection: Connection, parent: Row[Any], name: str) -> tuple[int, int, Definition]:
    """The workflow to run: its published version, or in a draft run its draft's snapshot."""
    query = select(WORKFLOW).where(
        WORKFLOW.c.workspace_id == parent.workspace_id,
        WORKFLOW.c.name == name,
        WORKFLOW.c.deleted_at.is_(None),
    )
    workflow = connection.execute(query).one_or_none()
    if workflow is None:
        raise StepFailed(f"there is no workflow called “{name}”")
    if parent.mode != "live":
        definition = Definition.from_json(workflow.draft)
        return workflow.id, snapshot(connection, workflow), definition
    if workflow.published_id is None:
        raise StepFailed(f"the workflow “{name}” has not been published yet")
    if not workflow.is_enabled:
        raise StepFailed(f"the workflow “{name}” is switched off")
    definition = definitions.of_version(workflow.published_id)
    return workflow.id, workflow.published_id, definition


def snapshot(connection: Connection, workflow: Row[Any]) -> int:
    """The id of the frozen copy of a draft's revision, made if there is none yet."""
    same = VERSION.c.workflow_id == workflow.id, VERSION.c.revision == workflow.revision
    query = select(VERSION.c.id).where(*same, VERSION.c.number.is_(None)).limit(1)
    found = connection.execute(query).scalar_one_or_none()
    if found is not None:
        return int(found)
    copy = {
        "workflow_id": workflow.id,
        "revision": workflow.revision,
        "content": workflow.draft,
        "created_at": clock.now(),
    }
    made = connection.execute(insert(VERSION).values(copy).returning(VERSION.c.id))
    return int(made.scalar_one())


def checked(definition: Definition, order: StartRun, timezone: str) -> dict[str, Any]:
    """The parameters as the child declares them; raises StepFailed naming every problem."""
    raw = definition.triggers.get("endpoint", {}).get("parameters")
    if not raw:
        return dict(order.parameters)
    declared = parameters.declared(raw)
    values, bad = parameters.read(declared, order.parameters, timezone=timezone)
    if bad:
        raise StepFailed("; ".join(f"parameter “{b.parameter}” {b.message}" for b in bad))
    return values


def name_of(connection: Connection, workflow_id: int) -> str:
    """What a workflow is called in files."""
    query = select(WORKFLOW.c.name).where(WORKFLOW.c.id == workflow_id)
    return str(connection.execute(query).scalar_one())
