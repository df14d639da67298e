"""What follows when a live run has failed for good: people are told, another workflow may run.

All of it is written in the transaction of the run's end: never twice, and never for nothing.
"""

import logging
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from core import config
from core.engine.errors import StepFailed
from core.engine.outcomes import StartRun
from core.runtime import children, definitions
from core.storage.columns import database_now
from core.storage.db import insert_missing
from core.storage.failure import Failure
from core.storage.run import Run, Wait
from core.storage.workflow import Workflow

RUN, WAIT, WORKFLOW, FAILURE = (
    Run.__table__,
    Wait.__table__,
    Workflow.__table__,
    Failure.__table__,
)
HANDLER_PATH = "on_failure:"  # no step can be called that
log = logging.getLogger(__name__)


def follow(connection: Connection, run: Row[Any], error: Mapping[str, Any] | None) -> str | None:
    """Note the failure and start the workflow that is meant for it; returns a run to ring."""
    if run.mode != "live":
        return None
    if not _is_awaited(connection, run):
        row = {"workspace_id": run.workspace_id, "workflow_id": run.workflow_id}
        connection.execute(insert(FAILURE).values(**row, run_id=run.id, at=database_now()))
    order = definitions.of_version(run.version_id).settings.get("on_failure")
    if not order or is_handling(connection, run):
        return None
    try:
        return _start(connection, run, str(order["workflow"]), dict(error or {}))
    except StepFailed as refused:
        log.warning(
            "the workflow for failures was not started: %s",
            refused.message,
            extra={"run_id": run.id},
        )
        return None


def is_handling(connection: Connection, run: Row[Any]) -> bool:
    """Whether the run handles a failure, or was started by one that does; planning is no start."""
    columns = RUN.c.parent_path, RUN.c.parent_run_id, RUN.c.chain
    for _ in range(children.MOST_DEPTH + 1):
        if run.parent_run_id is None:
            return False
        if run.parent_path.startswith(HANDLER_PATH):
            return True
        query = select(*columns).where(RUN.c.id == run.parent_run_id)
        parent = connection.execute(query).one_or_none()
        if parent is None or parent.chain < run.chain:
            return False
        run = parent
    return True


def _is_awaited(connection: Connection, run: Row[Any]) -> bool:
    """Whether another run waits for this one: then that one says whether it was a failure."""
    if run.parent_run_id is None:
        return False
    path, _ = children.read_place(run.parent_path)
    mine = WAIT.c.run_id == run.parent_run_id, WAIT.c.path == path
    query = select(WAIT.c.run_id).where(*mine, WAIT.c.kind == "child")
    return connection.execute(query).first() is not None


def _start(connection: Connection, run: Row[Any], name: str, error: Mapping[str, Any]) -> str:
    """Write the run of the failure workflow; raises StepFailed when it can't be run."""
    workflow_id, version_id, definition = children.version_of(connection, run, name)
    query = select(WORKFLOW.c.name).where(WORKFLOW.c.id == run.workflow_id)
    said = {
        "run_id": run.id,
        "workflow": connection.execute(query).scalar_one(),
        "title": run.title,
        "error": dict(error),
        "url": f"{config.current().base_url}/runs/{run.id}",
    }
    values = children.checked(definition, StartRun(name, said, wait=False), run.timezone)
    path = f"{HANDLER_PATH}{run.round}"
    row = children.row_of(run, path, workflow_id, version_id, values)
    insert_missing(connection, RUN, row)
    return str(row["id"])
