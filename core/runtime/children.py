"""Runs that a run starts: written together with its step, answered together with their end."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from core import clock
from core.engine import parameters
from core.engine.definition import Definition
from core.engine.errors import StepFailed
from core.engine.outcomes import Done, StartRun
from core.engine.requests import Perform
from core.engine.states import RunState
from core.runtime import definitions, places, scope
from core.storage.columns import new_id
from core.storage.run import Run, Wait
from core.storage.workflow import Version, Workflow

MOST_DEPTH = 20
RUN, WAIT, WORKFLOW, VERSION = (
    Run.__table__,
    Wait.__table__,
    Workflow.__table__,
    Version.__table__,
)


def start(
    connection: Connection, parent: Row[Any], perform: Perform, order: StartRun
) -> tuple[Run, StartRun | Done]:
    """Write the child and, if the parent waits for it, the wait; raises StepFailed.

    Returns the child, to be let in after the commit, and what the step goes on with.
    """
    if parent.depth >= MOST_DEPTH:
        raise StepFailed(f"workflows start each other more than {MOST_DEPTH} deep", kind="limit")
    workflow_id, version_id, definition = version_of(connection, parent, order.workflow)
    values = checked(definition, order, parent.timezone)
    child = row_of(parent, perform.path, workflow_id, version_id, values)
    connection.execute(insert(RUN).values(child))
    if not order.wait:
        return Run(**child), Done({"run_id": child["id"]})
    wait = {"run_id": parent.id, "path": perform.path, "round": parent.round, "kind": "child"}
    connection.execute(insert(WAIT).values(wait))
    return Run(**child), order


def row_of(
    parent: Row[Any], path: str, workflow_id: int, version_id: int, values: Mapping[str, Any]
) -> dict[str, Any]:
    """What is written of a run that this one starts at that path."""
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
        "depth": parent.depth + 1,
        "input": input,
        "lane": "io",
        "state": RunState.QUEUED,
        "timezone": parent.timezone,
        "created_at": clock.now(),
        "rung_at": clock.now(),
        **places.entering(version_id, parent.mode, make_scope),
    }


def answer_parent(connection: Connection, child: Row[Any], answer: Mapping[str, Any]) -> str | None:
    """Give a waiting parent the child's end; returns the parent's id if it is to be rung."""
    if child.parent_run_id is None:
        return None
    # The run's row is locked before the wait's, as the parent itself does when it falls asleep.
    parent = connection.execute(
        select(RUN.c.id).where(RUN.c.id == child.parent_run_id).with_for_update()
    ).one_or_none()
    if parent is None:
        return None
    mine = WAIT.c.run_id == parent.id, WAIT.c.path == child.parent_path
    connection.execute(
        update(WAIT)
        .where(*mine, WAIT.c.kind == "child", WAIT.c.answered_at.is_(None))
        .values(payload=dict(answer), answered_at=clock.now())
    )
    woken = connection.execute(
        update(RUN)
        .where(RUN.c.id == parent.id, RUN.c.state == RunState.WAITING, _is_answered(child))
        .values(state=RunState.QUEUED, reason=None, wake_at=None, rung_at=clock.now())
    )
    return str(parent.id) if woken.rowcount else None


def _is_answered(child: Row[Any]) -> Any:
    return (
        select(WAIT.c.run_id)
        .where(WAIT.c.run_id == child.parent_run_id, WAIT.c.path == child.parent_path)
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
