"""Call an HTTP API and keep its answer."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from core.engine import wording
from core.engine.definition import Step
from core.engine.errors import StepFailed
from core.engine.fields import Field
from core.engine.http_messages import (
    DEFAULT_TIMEOUT,
    HttpFailed,
    OutgoingAnswer,
    OutgoingRequest,
    is_retryable_status,
)
from core.engine.outcomes import Done
from core.engine.step_type import ASK, RUN_AGAIN, Effect, StepContext, StepType

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")
WITH_BODY = ("POST", "PUT", "PATCH", "DELETE")
BODY_TYPES = (
    ("json", "JSON"),
    ("form", "Form fields"),
    ("multipart", "Form with files"),
    ("text", "Text"),
)
KEY_HEADER = "Idempotency-Key"
STATUS_RANGE = re.compile(r"([1-5])xx|([1-5]\d\d)(?:-([1-5]\d\d))?")
SHOWN_OF_ANSWER = 200  # characters


class CallApi(StepType):
    """One request, and what came back."""

    label = "Call an API"
    help = "Send a request to another service and use what it answers."
    category = "connect"
    icon = "globe"
    keywords = ("http", "request", "rest", "webhook", "fetch", "curl", "api connector", "post")
    fields = (
        Field(
            "method",
            "Method",
            kind="choice",
            default="GET",
            choices=tuple((method, method) for method in METHODS),
        ),
        Field(
            "url",
            "URL",
            kind="url",
            placeholder="https://api.example.com/orders",
            help="With a connection that has an address, its path is enough: /orders.",
        ),
        Field(
            "connection",
            "Connection",
            kind="connection",
            required=False,
            choices=(("http_api", "Key for a web service"),),
            literal=True,
            help="Adds its key to the request. Keys never belong into a field here.",
        ),
        Field("query", "Parameters", kind="mapping", required=False, help="Behind the “?”."),
        Field("headers", "Headers", kind="mapping", required=False),
        Field(
            "body_type",
            "Send as",
            kind="choice",
            default="json",
            choices=BODY_TYPES,
            shown_when=("method", WITH_BODY),
        ),
        Field(
            "body",
            "Body",
            kind="json",
            required=False,
            shown_when=("method", WITH_BODY),
            help='A file in a form is {"base64": …, "filename": …, "content_type": …}.',
        ),
        Field(
            "success",
            "Counts as success",
            kind="list",
            required=False,
            advanced=True,
            placeholder="2xx",
            help="Statuses such as 200, 2xx or 200-299; usually all from 200 to 299.",
        ),
        Field(
            "follow_redirects",
            "Follow redirects",
            kind="yes_no",
            default=True,
            required=False,
            advanced=True,
            help="A connection's key never follows to another address.",
        ),
    )
    effect = Effect.REPEATABLE
    example_output = {"status": 200, "headers": {"content-type": "application/json"}, "body": {}}
    is_example_exact = True

    def after_crash(self, given: Mapping[str, Any]) -> str:
        """Methods that HTTP calls idempotent are sent again; others ask (RFC 9110, 9.2.2)."""
        method = str(given.get("method") or "GET").upper()
        return ASK if method in ("POST", "PATCH") else RUN_AGAIN

    def summary(self, step: Step) -> str:
        """The method and where it goes."""
        method = step.inputs.get("method", "GET")
        return f"{method} {_place(step.inputs.get('url', ''))}".strip()

    def run(self, inputs: Mapping[str, Any], context: StepContext) -> Done:
        """Send the request; an answer without success fails, with all that came."""
        request = build(inputs, context)
        expected = read_success(inputs.get("success"))
        try:
            answer = context.http.send(request, connection=inputs.get("connection") or None)
        except HttpFailed as failure:
            raise StepFailed(
                failure.message,
                kind=failure.kind,
                retryable=failure.retryable,
                retry_after=failure.retry_after,
            ) from failure
        if answer.note:
            context.log.write("warning", answer.note)
        if answer.status not in expected:
            raise _refused(answer)
        return Done(output_of(answer))


def output_of(answer: OutgoingAnswer) -> dict[str, Any]:
    """What later steps can read."""
    return {"status": answer.status, "headers": dict(answer.headers), "body": answer.body}


def build(inputs: Mapping[str, Any], context: StepContext) -> OutgoingRequest:
    """The request that these inputs ask for; raises StepFailed."""
    method = str(inputs.get("method") or "GET").upper()
    if method not in METHODS:
        raise StepFailed(f"“Method” is “{method}”; choose one of {', '.join(METHODS)}")
    url = inputs.get("url")
    if not isinstance(url, str) or not url.strip():
        raise StepFailed("“URL” is empty: there is nowhere to send the request to")
    body_type: Any = inputs.get("body_type") or "json"
    if body_type not in dict(BODY_TYPES):
        raise StepFailed(f"“Send as” is “{body_type}”; choose one of {', '.join(dict(BODY_TYPES))}")
    body = inputs.get("body") if method in WITH_BODY else None
    return OutgoingRequest(
        method,
        url.strip(),
        query=_mapping(inputs, "query", "Parameters"),
        headers=_with_key(_mapping(inputs, "headers", "Headers"), context.key),
        body=body,
        body_type="none" if body is None or body == "" else body_type,
        follow_redirects=inputs.get("follow_redirects") is not False,
        timeout=DEFAULT_TIMEOUT if context.timeout is None else context.timeout,
    )


def _mapping(inputs: Mapping[str, Any], key: str, label: str) -> Mapping[str, Any]:
    value = inputs.get(key)
    if value is None or value == "":
        return {}
    if not isinstance(value, Mapping):
        raise StepFailed(
            f"“{label}” has to be rows of names and values, not {type(value).__name__}"
        )
    return value


def _with_key(headers: Mapping[str, Any], key: str) -> dict[str, Any]:
    """The effect key goes along unless the author sets one: it lets a repetition be recognised."""
    if any(str(name).lower() == KEY_HEADER.lower() for name in headers):
        return dict(headers)
    return {**headers, KEY_HEADER: key}


def read_success(given: Any) -> frozenset[int]:
    """The statuses that count as success; raises StepFailed."""
    if given is None or given in ("", []):
        return frozenset(range(200, 300))
    entries = given if isinstance(given, list) else str(given).split(",")
    return frozenset(status for entry in entries for status in _statuses(entry))


def _statuses(entry: Any) -> range:
    text = str(int(entry)) if isinstance(entry, float) and entry.is_integer() else str(entry)
    match = STATUS_RANGE.fullmatch(text.strip().lower())
    if match is None:
        raise StepFailed(f"“Counts as success”: “{entry}” is no status; write 200, 2xx or 200-299")
    if match[1]:
        return range(int(match[1]) * 100, int(match[1]) * 100 + 100)
    return range(int(match[2]), int(match[3] or match[2]) + 1)


def _refused(answer: OutgoingAnswer) -> StepFailed:
    said = _said(answer.body)
    host = urlsplit(answer.url).netloc
    return StepFailed(
        f"{host} answered {answer.status}" + (f": {said}" if said else ""),
        kind="http",
        retryable=is_retryable_status(answer.status),
        retry_after=answer.retry_after,
        details=output_of(answer),
    )


def _said(body: Any) -> str:
    """What the other side says about the failure, where it says it in a usual place."""
    for _ in range(3):
        if isinstance(body, list) and body:
            body = body[0]
        if not isinstance(body, Mapping):
            break
        usual = ("message", "detail", "error_description", "error", "title", "errors")
        body = next((body[name] for name in usual if body.get(name)), None)
    is_page = isinstance(body, str) and body.lstrip().startswith("<")
    return wording.shorten(body, SHOWN_OF_ANSWER) if isinstance(body, str) and not is_page else ""


def _place(url: Any) -> str:
    """Host and path without the scheme: what tells requests apart on a card."""
    said = wording.say(url)
    return said.partition("://")[2] or said
