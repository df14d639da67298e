"""Answers for load balancers and watch dogs."""

from typing import Any

from flask import Response, jsonify

from blueprints.health import bp
from core.release import version


@bp.get("/live")
def live() -> Response:
    """This process answers."""
    return quick(jsonify(status="ok", version=version()))


@bp.get("/ready")
def ready() -> Response:
    """All that is needed to take work is there; 503 names what is not.

    What is only remarked takes nobody out of service: whoever has to look must get here.
    """
    from core.runtime import readiness, vitals

    parts = readiness.check()
    is_ready = all(answer == "ok" for answer in parts.values())
    answer: dict[str, Any] = {"status": "ok" if is_ready else "unavailable", "checks": parts}
    if parts["database"] == "ok":
        line = vitals.line()
        answer["in_line"] = {"count": line.count, "oldest_seconds": round(line.oldest_seconds, 1)}
        answer["remarks"] = readiness.remarks(line)
    response = jsonify(answer)
    response.status_code = 200 if is_ready else 503
    if not is_ready:
        response.headers["Retry-After"] = "5"
    return quick(response)


def quick(response: Response) -> Response:
    """Never kept by anything in between."""
    response.headers["Cache-Control"] = "no-store"
    return response
