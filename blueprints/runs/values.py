"""A value of a run as a JSON file: whole, where the page shows the beginning."""

import json

from flask import Response, abort, request

from blueprints.access import visible_run
from blueprints.runs import bp
from core.runtime import run_view

PARTS = ("inputs", "output", "error")


@bp.get("/runs/<run_id>/values")
def value(run_id: str) -> Response:
    run = visible_run(run_id)
    part = request.args.get("part", "output")
    step = run_view.view(run).step(request.args.get("step", ""))
    if step is None or part not in PARTS:
        abort(404)
    return download(getattr(step, part), f"{step.step_id}-{part}")


def download(found: object, name: str) -> Response:
    """The value, to be kept as a file: a browser never shows a run's data as a page."""
    text = json.dumps(found, ensure_ascii=False, indent=2)
    headers = {"Content-Disposition": f'attachment; filename="{name}.json"'}
    return Response(text, mimetype="application/json", headers=headers)
