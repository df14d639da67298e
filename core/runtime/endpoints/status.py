"""How a run stands, for whoever holds its ticket or a key that may read it."""

from datetime import datetime
from typing import Any

from core.engine import scopes
from core.engine.auth_scheme import Call, NotAuthorized
from core.engine.states import FINAL
from core.runtime import runs
from core.runtime.endpoints import bodies, callers, tickets
from core.runtime.endpoints.addresses import LONGEST_NAME
from core.runtime.endpoints.refusals import Refused
from core.runtime.endpoints.replies import free_chair
from core.runtime.endpoints.responses import POLL_AFTER, Response, json_response
from core.storage.db import db
from core.storage.run import Run
from core.storage.workspace import Workspace

LONGEST_WAIT = 60.0  # seconds


def run_status(workspace_name: str, run_id: str, call: Call) -> Response:
    """The run's state and response; raises Refused (404) for everybody else."""
    query = bodies.read_query(call.query)
    run = find(workspace_name, run_id)
    if run is None or not may_read(run, query, call):
        raise unknown()
    wait(run, query)
    run = find(workspace_name, run_id)
    if run is None:
        raise unknown()
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    if run.state not in FINAL:
        headers["Retry-After"] = POLL_AFTER
    return json_response(200, describe(run), headers)


def find(workspace_name: str, run_id: str) -> Run | None:
    if max(len(workspace_name), len(run_id)) > LONGEST_NAME:
        return None
    workspace = Workspace.named(workspace_name)
    return runs.find(workspace.id, run_id) if workspace else None


def may_read(run: Run, query: bodies.Texts, call: Call) -> bool:
    """The ticket opens this run alone, a key all that its scopes say."""
    given = query.get("ticket", [])
    if len(given) == 1 and tickets.opens(given[0], run.ticket_hash):
        return True
    try:
        shown = call.bearer()
    except NotAuthorized:
        return False
    key = callers.find_key(shown, call.remote_address) if shown else None
    is_ours = key is not None and key.workspace_id == run.workspace_id
    return is_ours and key is not None and scopes.permits(key.scopes, "runs:read")


def wait(run: Run, query: bodies.Texts) -> None:
    """Long poll: until the run has ended or the time asked for is over."""
    asked = query.get("wait", ["0"])[-1]
    seconds = min(float(asked), LONGEST_WAIT) if asked.isascii() and asked.isdecimal() else 0.0
    if run.state in FINAL or not seconds:
        return
    db.session.remove()
    with free_chair() as is_free:
        if is_free:
            runs.wait_for(run.id, seconds)


def describe(run: Run) -> dict[str, Any]:
    """The run as the contract's status shows it."""
    response = run.response or {}
    return {
        "run_id": run.id,
        "state": run.state,
        "reason": run.reason,
        "response": response.get("body"),
        "error": run.error,
        "created_at": text_of(run.created_at),
        "started_at": text_of(run.started_at),
        "finished_at": text_of(run.finished_at),
    }


def text_of(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def unknown() -> Refused:
    """The same for a run that doesn't exist, one of others, and a wrong ticket."""
    return Refused(404, "NOT_FOUND", "There is no such run, or you may not see it.")
