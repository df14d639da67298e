"""What every step of a run can read: the call, the run itself, the workspace."""

import time
from datetime import datetime
from functools import lru_cache, partial
from typing import Any

from sqlalchemy import Row, select

from core import clock, config
from core.runtime import callbacks
from core.storage.db import read_connection
from core.storage.workflow import Version
from core.storage.workspace import Workspace

WORKSPACE_KEPT = 10  # seconds
WORKSPACE, VERSION = Workspace.__table__, Version.__table__


def of_run(run: Row[Any]) -> dict[str, Any]:
    """The roots of a run's scope that do not change while it goes on."""
    return {
        "trigger": run.input,
        "run": {
            "id": run.id,
            "title": run.title,
            "url": f"{config.current().base_url}/runs/{run.id}",
            "origin": run.origin,
            "due_at": _text(run.due_at),
            "started_at": _text(run.started_at),
            "attempt": run.round,
            "version": _version_number(run.version_id),
            "timezone": run.timezone,
        },
        "workspace": dict(_workspace(run.workspace_id, int(time.monotonic() // WORKSPACE_KEPT))),
        "options": {},
        "env": {},
        "__callback_url__": partial(callbacks.address, run.id, run.version_id),
    }


def before_run(workspace_id: int, input: Any, origin: str, timezone: str) -> dict[str, Any]:
    """What can be read of a run that another one starts, before it is there."""
    return {
        "trigger": input,
        "run": {"origin": origin, "timezone": timezone},
        "workspace": dict(_workspace(workspace_id, int(time.monotonic() // WORKSPACE_KEPT))),
        "__now__": clock.now,
    }


@lru_cache(maxsize=512)
def _version_number(version_id: int) -> int | None:
    with read_connection() as connection:
        query = select(VERSION.c.number).where(VERSION.c.id == version_id)
        return connection.execute(query).scalar_one_or_none()


@lru_cache(maxsize=64)
def _workspace(workspace_id: int, moment: int) -> dict[str, Any]:
    """What expressions read of a workspace; looked up again at each `moment`."""
    columns = WORKSPACE.c.name, WORKSPACE.c.label, WORKSPACE.c.timezone
    with read_connection() as connection:
        query = select(*columns).where(WORKSPACE.c.id == workspace_id)
        return dict(connection.execute(query).one()._mapping)


def _text(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
