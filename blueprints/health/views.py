"""Answers for load balancers and watch dogs."""

from flask import Response, jsonify

from blueprints.health import bp
from core.release import version


@bp.get("/live")
def live() -> Response:
    """This process answers."""
    return quick(jsonify(status="ok", version=version()))


@bp.get("/ready")
def ready() -> Response:
    """Database, queue, a worker and a scheduler are there; 503 names what is not."""
    from core.runtime import readiness

    parts = readiness.check()
    is_ready = all(answer == "ok" for answer in parts.values())
    response = jsonify(status="ok" if is_ready else "unavailable", checks=parts)
    response.status_code = 200 if is_ready else 503
    if not is_ready:
        response.headers["Retry-After"] = "5"
    return quick(response)


def quick(response: Response) -> Response:
    """Never kept by anything in between."""
    response.headers["Cache-Control"] = "no-store"
    return response
