"""What a caller gets: from a run that has answered, from one accepted for later."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from core import config
from core.engine.states import Reason, RunState
from core.runtime.endpoints import tickets
from core.runtime.runs import Answer

JSON: Final = "application/json"
POLL_AFTER: Final = "1"  # seconds, as a hint
SANDBOX: Final = "sandbox allow-forms allow-scripts allow-popups"
# What browsers may show as a document with scripts: XML of every kind can hold XHTML.
SANDBOXED: Final = re.compile(r"(?:text/(?:html|xsl)|multipart/.+|.+[/+]xml)", re.IGNORECASE)
WITHOUT_BODY: Final = (204, 205, 304)

# What an author may say about a response. Anything else could speak for the whole host name.
OPEN_HEADERS: Final = frozenset(
    {
        "cache-control",
        "content-disposition",
        "content-language",
        "etag",
        "expires",
        "last-modified",
        "link",
        "location",
        "retry-after",
        "vary",
    }
)
CLOSED_HEADERS: Final = frozenset(
    {
        "x-accel-buffering",
        "x-accel-redirect",
        "x-content-type-options",
        "x-frame-options",
        "x-run-id",
        "x-sendfile",
        "x-workflow-status",
        "x-xss-protection",
    }
)


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP response without a framework."""

    status: int
    body: bytes = b""
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


def json_response(status: int, value: Any, headers: Mapping[str, str] | None = None) -> Response:
    """A value as compact JSON."""
    return Response(status, dump(value), headers=dict(headers or {}))


def dump(value: Any) -> bytes:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace")


def bubble(
    status: int, code: str, message: str, headers: Mapping[str, str] | None = None, **more: Any
) -> Response:
    """A refusal or failure in the shape that Bubble's clients know."""
    body = {"status": code, "message": message, **more}
    return json_response(status, {"statusCode": status, "body": body}, headers)


def of_run(answer: Answer) -> Response:
    """What the caller of a run gets that has ended, or that fell asleep after it answered."""
    headers = {"X-Run-Id": answer.run_id}
    if answer.state == RunState.CANCELLED:
        return bubble(409, "CANCELLED", "The run was cancelled.", headers, run_id=answer.run_id)
    if answer.state == RunState.FAILED:
        return of_failure(answer, headers)
    if answer.reason == Reason.NOT_RUN:
        return not_run(answer.run_id)
    return of_response(answer.response or {}, headers)


def of_failure(answer: Answer, headers: Mapping[str, str]) -> Response:
    message = str((answer.error or {}).get("message") or "The workflow failed.")
    if answer.reason == Reason.TIMED_OUT:
        return bubble(504, "TIMEOUT", message, headers, run_id=answer.run_id)
    return bubble(500, "WORKFLOW_ERROR", message, headers, run_id=answer.run_id)


def of_response(given: Mapping[str, Any], headers: Mapping[str, str]) -> Response:
    """What the steps returned: wrapped in `response`, or bare under a content type."""
    status = int(given.get("status") or 200)
    body = given.get("body")
    own = allowed(given.get("headers") or {}) | dict(headers)
    if status in WITHOUT_BODY:
        return Response(status, headers=own)
    content_type = given.get("content_type")
    if content_type is None:
        value = {"status": "success", "response": {} if body is None else body}
        return json_response(status, value, own)
    raw = body.encode("utf-8", "replace") if isinstance(body, str) else dump_bare(body)
    if SANDBOXED.fullmatch(content_type.partition(";")[0].strip()):
        own["Content-Security-Policy"] = SANDBOX
    return Response(status, raw, with_charset(content_type), own)


def dump_bare(body: Any) -> bytes:
    return b"" if body is None else dump(body)


def with_charset(content_type: str) -> str:
    is_text = content_type.lower().startswith("text/")
    return f"{content_type}; charset=utf-8" if is_text and ";" not in content_type else content_type


def allowed(headers: Mapping[str, Any]) -> dict[str, str]:
    """The headers an author may set, one line each."""
    return {
        name: value
        for name, value in ((str(name), str(value)) for name, value in headers.items())
        if is_open(name.lower()) and value.isprintable() and value.isascii()
    }


def is_open(name: str) -> bool:
    return name in OPEN_HEADERS or (name.startswith("x-") and name not in CLOSED_HEADERS)


def accepted(run_id: str, workspace: str) -> Response:
    """The run exists and goes on without the caller."""
    url = status_url(run_id, workspace)
    value = {"status": "accepted", "run_id": run_id, "status_url": url}
    headers = {"X-Run-Id": run_id, "Location": url, "Retry-After": POLL_AFTER}
    return json_response(202, value, headers)


def status_url(run_id: str, workspace: str) -> str:
    """Where the caller can ask how the run went; the ticket in it is the key."""
    room = "" if workspace == "main" else f"/{workspace}"
    ticket = tickets.of_run(run_id)
    return f"{config.current().base_url}{room}/api/1.1/runs/{run_id}?ticket={ticket}"


def not_run(run_id: str) -> Response:
    """The workflow's condition was not met and its author wants a 200 for that."""
    headers = {"X-Run-Id": run_id, "X-Workflow-Status": "not_run"}
    return json_response(200, {"status": "success", "response": {}}, headers)
