"""Figures for Prometheus, behind a key that may read runs."""

from flask import Response, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from blueprints.metrics import bp
from blueprints.metrics.figures import Figures
from core.runtime import tokens

SCOPE = "runs:read"
NO_KEY = "This needs a key that may read runs. Send it as Authorization: Bearer ….\n"
WRONG_KEY = "This key may not read runs. Make one with the scope runs:read.\n"


@bp.get("/metrics")
def show() -> Response:
    """All figures as they are now."""
    scheme, _, shown = request.headers.get("Authorization", "").partition(" ")
    token = tokens.find(shown.strip(), address=request.remote_addr or "")
    if scheme.lower() != "bearer" or token is None:
        return plain(NO_KEY, 401, {"WWW-Authenticate": 'Bearer realm="openBuild"'})
    if not tokens.permits(token, SCOPE):
        return plain(WRONG_KEY, 403)
    registry = CollectorRegistry()
    registry.register(Figures(token.workspace_id))
    answer = Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def plain(text: str, status: int, headers: dict[str, str] | None = None) -> Response:
    answer = Response(text, status, mimetype="text/plain", headers=headers)
    answer.headers["Cache-Control"] = "no-store"
    return answer
