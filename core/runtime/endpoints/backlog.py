"""Accept nothing that would stand in a line that is too long already."""

import time

from flask import current_app
from sqlalchemy import func, select

from core import config
from core.engine.states import Line, RunState
from core.runtime.endpoints.addresses import Endpoint
from core.runtime.endpoints.refusals import unavailable
from core.storage.db import read_connection
from core.storage.run import Run

LOOK_EVERY = 1.0  # seconds, for each workflow
KNOWN = "openbuild.backlog"
RETRY_AFTER = 10  # seconds
RUN = Run.__table__


def check(endpoint: Endpoint) -> None:
    """Raise Refused (503) while too many runs are in line in this workspace."""
    most = config.current().max_backlog
    if not most:
        return
    known = current_app.extensions.setdefault(KNOWN, {})
    looked_at, is_full = known.get(endpoint.workflow.id, (0.0, False))
    now = time.monotonic()
    if not looked_at or now - looked_at >= LOOK_EVERY:
        is_full = length(endpoint.workspace.id, endpoint.workflow.id, most) >= most
        known[endpoint.workflow.id] = (now, is_full)
    if is_full:
        raise unavailable(
            f"{most:,} runs are in line already, so no more are accepted. Nothing was accepted; "
            "call again later.",
            seconds=RETRY_AFTER,
        )


def length(workspace_id: int, workflow_id: int, most: int) -> int:
    """How many runs are in line: the workspace's, and this workflow's that wait for a place."""
    queued = RUN.c.workspace_id == workspace_id, RUN.c.state == RunState.QUEUED
    in_line = RUN.c.line == Line.LIMIT, RUN.c.workflow_id == workflow_id
    counts = [
        select(func.count())
        .select_from(select(RUN.c.id).where(*which).limit(most).subquery())
        .scalar_subquery()
        for which in (queued, in_line)
    ]
    with read_connection() as connection:
        return sum(connection.execute(select(*counts)).one())
