"""Put the parts of a response together: objects merge by key, any other body replaces."""

from collections.abc import Iterable, Mapping
from typing import Any


def merge(parts: Iterable[Mapping[str, Any]]) -> dict[str, Any] | None:
    """The response {body, status, headers, content_type}; None when nothing was returned."""
    response: dict[str, Any] | None = None
    for part in parts:
        if response is None:
            response = {"body": None, **part, "headers": dict(part["headers"])}
            continue
        earlier, body = response["body"], part.get("body", response["body"])
        if isinstance(earlier, Mapping) and isinstance(body, Mapping):
            body = {**earlier, **body}
        response["body"] = body
        response["headers"].update(part["headers"])
        for name in ("status", "content_type"):
            if part[name] is not None:
                response[name] = part[name]
    return response
