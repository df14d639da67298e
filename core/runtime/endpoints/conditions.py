"""The endpoint's own condition: calls that don't meet it run nothing, but leave a trace."""

from collections.abc import Mapping
from typing import Any

from core import clock
from core.engine import conditions
from core.engine.expressions import ExpressionError
from core.engine.states import Reason, RunState
from core.runtime import runs
from core.runtime.endpoints import responses
from core.runtime.endpoints.addresses import Endpoint
from core.runtime.endpoints.refusals import Refused
from core.runtime.endpoints.responses import Response
from core.runtime.runs import NewRun
from core.storage.db import transaction


def scope_of(new: NewRun, endpoint: Endpoint) -> dict[str, Any]:
    """What an endpoint's expressions can read before there is a run."""
    workspace = endpoint.workspace
    return {
        "trigger": new.input,
        "run": {"id": new.id, "origin": new.origin, "timezone": new.timezone},
        "workspace": {
            "name": workspace.name,
            "label": workspace.label,
            "timezone": workspace.timezone,
        },
        "options": {},
        "env": {},
        "__now__": clock.now,
    }


def holds(endpoint: Endpoint, scope: Mapping[str, Any]) -> bool:
    """Whether this call is one to run for; raises Refused when that can't be computed."""
    condition = endpoint.settings.get("only_when")
    if condition is None:
        return True
    try:
        return conditions.holds(condition, scope)
    except ExpressionError as error:
        raise refused(endpoint, f"the condition can't be computed: {error}") from error


def record_not_run(new: NewRun, endpoint: Endpoint) -> Response:
    """Keep a run that ended before it began; the response its author chose."""
    with transaction():
        run = runs.add(new)
        run.state = RunState.SUCCEEDED
        run.reason = Reason.NOT_RUN
        run.limit_key = run.line = None
        run.finished_at = clock.now()
    if int(endpoint.settings.get("not_run_status", 400)) == 200:
        return responses.not_run(new.id)
    refusal = refused(endpoint).response()
    headers = dict(refusal.headers) | {"X-Run-Id": new.id}
    return Response(refusal.status, refusal.body, refusal.content_type, headers)


def refused(endpoint: Endpoint, reason: str = "") -> Refused:
    """In Bubble's words."""
    name = endpoint.address.workflow
    message = f"The condition for the workflow {name} is not met. Workflow won't run"
    return Refused(400, "NOT_RUN", message, reason=reason)
