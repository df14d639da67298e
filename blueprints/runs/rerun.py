"""Run a finished run's input once more."""

from flask import Response, url_for

from blueprints.access import current_person, visible_run
from blueprints.hypermedia import go_to
from blueprints.runs import bp
from core.runtime import runs


@bp.post("/runs/<run_id>/rerun")
def run_again(run_id: str) -> Response:
    new = runs.run_again(visible_run(run_id), by=current_person().name)
    return go_to(url_for("runs.show", run_id=new.id), toast="Started again with the same input.")
