"""For calls from browsers: which other sites may read answers, and where forms lead."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from core.engine import json_gate
from core.engine.auth_scheme import Call
from core.runtime.endpoints.addresses import Endpoint
from core.runtime.endpoints.responses import JSON, Response, dump

OPEN_TO_SCRIPTS: Final = "X-Run-Id, X-Workflow-Status, Location, Retry-After"
SENT_BY_SCRIPTS: Final = "Authorization, Content-Type, Idempotency-Key, X-Timezone"
PREFLIGHT_SECONDS: Final = "600"
STAY_HERE: Final = frozenset({401, 403, 404, 405, 429, 503})  # the sender is no form on a page


def options(endpoint: Endpoint, call: Call) -> Response:
    """What may be done here; for a browser that asks on behalf of an allowed site, that too."""
    headers = {"Allow": f"{endpoint.method}, OPTIONS"}
    if call.header("access-control-request-method") and is_allowed(endpoint, call):
        headers["Access-Control-Allow-Methods"] = endpoint.method
        headers["Access-Control-Allow-Headers"] = SENT_BY_SCRIPTS
        headers["Access-Control-Max-Age"] = PREFLIGHT_SECONDS
    return Response(204, headers=headers)


def open_to_site(endpoint: Endpoint, call: Call, response: Response) -> Response:
    """The response, readable for the site's script if the author lists the site."""
    if not endpoint.settings.get("cors"):
        return response
    headers = dict(response.headers)
    headers["Vary"] = ", ".join(filter(None, (headers.get("Vary"), "Origin")))
    if is_allowed(endpoint, call):
        headers["Access-Control-Allow-Origin"] = call.header("origin") or ""
        headers["Access-Control-Expose-Headers"] = OPEN_TO_SCRIPTS
    return replace(response, headers=headers)


def is_allowed(endpoint: Endpoint, call: Call) -> bool:
    """Whether the calling page's site is one of those listed, exactly."""
    return call.header("origin") in (endpoint.settings.get("cors") or ())


def lead_on(endpoint: Endpoint, response: Response) -> Response:
    """To the author's page, with what the workflow returned in its address."""
    pages = endpoint.settings.get("redirect") or {}
    if response.status < 400 and "ok" in pages:
        return redirect(pages["ok"], returned(response), response)
    if response.status >= 400 and response.status not in STAY_HERE and "error" in pages:
        return redirect(pages["error"], problem(response), response)
    return response


def returned(response: Response) -> Mapping[str, Any]:
    """The returned values, if they have names."""
    value = content(response)
    if "run_id" in value:
        return {"run_id": value["run_id"]}
    inner = value.get("response")
    return inner if isinstance(inner, dict) else {}


def problem(response: Response) -> Mapping[str, Any]:
    """What Bubble's clients look for on an error page."""
    body = content(response).get("body")
    message = body.get("message") if isinstance(body, dict) else None
    return {"statusCode": response.status, "message": message}


def content(response: Response) -> dict[str, Any]:
    """The object in a response, if it is one of ours."""
    if response.content_type != JSON or not response.body:
        return {}
    try:
        value = json_gate.parse(response.body)
    except json_gate.JsonRefused:
        return {}  # steps may return more than callers may send
    return value if isinstance(value, dict) else {}


def redirect(page: str, values: Mapping[str, Any], response: Response) -> Response:
    parts = urlsplit(page)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    pairs += [(name, text_of(value)) for name, value in values.items() if value is not None]
    target = urlunsplit(parts._replace(query=urlencode(pairs)))
    kept = {name: value for name, value in response.headers.items() if name == "X-Run-Id"}
    return Response(302, headers={"Location": target, **kept})


def text_of(value: Any) -> str:
    return value if isinstance(value, str) else dump(value).decode()
