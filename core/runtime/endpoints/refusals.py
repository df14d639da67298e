"""Calls that do not become runs: what the caller is told, and what the author can read."""

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from core import clock
from core.engine.auth_scheme import Call
from core.engine.parameters import MISSING, BadParameter
from core.runtime.endpoints.responses import Response, json_response
from core.storage.db import transaction
from core.storage.refused_call import RefusedCall

SECONDS_BETWEEN = 0.2  # between two rows of one workflow: a flood must not write
LONGEST_REASON = 500
log = logging.getLogger(__name__)


class Refused(Exception):
    """A call that is answered without a run."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        reason: str = "",
        headers: Mapping[str, str] | None = None,
        errors: Sequence[BadParameter] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.reason = reason or message
        self.headers = dict(headers or {})
        self.errors = errors

    def response(self) -> Response:
        """In Bubble's shape, with every problem named."""
        value: dict[str, Any] = {
            "statusCode": self.status,
            "body": {"status": self.code, "message": self.message},
        }
        if self.errors:
            value["errors"] = [
                {"parameter": bad.parameter, "code": bad.code, "message": bad.message}
                for bad in self.errors
            ]
        return json_response(self.status, value, self.headers)


def not_found(name: str, reason: str = "") -> Refused:
    """The same words for a workflow that does not exist and one that is not exposed."""
    return Refused(404, "NOT_FOUND", f"Workflow not found {name}", reason=reason)


def bad_parameters(workflow: str, bad: Sequence[BadParameter]) -> Refused:
    """All problems of a call's parameters; the sentence is about the first one, missing before."""
    first = next((one for one in bad if one.code == MISSING), bad[0])
    reason = "; ".join(one.message for one in bad)
    if first.code == MISSING:
        message = f"Missing parameter for workflow {workflow}: parameter {first.parameter}"
    else:
        message = f"Invalid value for parameter {first.parameter} (must be {first.expected})"
    return Refused(400, first.code, message, reason=reason, errors=bad)


def bad_call(parameter: str, message: str) -> Refused:
    """One thing about the call itself that can't be read."""
    errors = [BadParameter(parameter, "INVALID", message)]
    return Refused(400, "INVALID", message, errors=errors)


def unavailable(message: str, *, seconds: int = 5) -> Refused:
    """Nothing was accepted; the caller may come back."""
    return Refused(503, "UNAVAILABLE", message, headers={"Retry-After": str(seconds)})


class _Counter:
    """Which refusals came too quickly to be written; per process."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.written: dict[int, float] = {}
        self.unwritten: dict[int, int] = {}

    def times(self, workflow_id: int) -> int:
        """How many refusals the row to be written stands for; 0 = write none now."""
        now = time.monotonic()
        with self.lock:
            if now - self.written.get(workflow_id, -SECONDS_BETWEEN) < SECONDS_BETWEEN:
                self.unwritten[workflow_id] = self.unwritten.get(workflow_id, 0) + 1
                return 0
            self.written[workflow_id] = now
            return 1 + self.unwritten.pop(workflow_id, 0)


_counter = _Counter()


def count(workflow_id: int, mode: str, call: Call, refused: Refused) -> None:
    """Keep the refusal for the author to see; a failure to do so changes no answer."""
    times = _counter.times(workflow_id)
    if times == 0:
        return
    row = RefusedCall(
        workflow_id=workflow_id,
        mode=mode,
        at=clock.now(),
        status=refused.status,
        code=refused.code,
        reason=refused.reason[:LONGEST_REASON],
        method=call.method,
        remote_address=call.remote_address,
        times=times,
    )
    try:
        with transaction() as session:
            session.add(row)
            session.flush()
            RefusedCall.forget_older(workflow_id)
    except SQLAlchemyError as error:
        log.warning("could not keep a refused call: %s", error)
