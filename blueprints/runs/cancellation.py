"""Cancel a run that has not ended."""

from flask import Response, url_for

from blueprints.access import current_person, visible_run
from blueprints.hypermedia import go_to
from blueprints.runs import bp
from core.engine.errors import StateConflict
from core.runtime import runs


@bp.post("/runs/<run_id>/cancellation")
def cancel(run_id: str) -> Response:
    run = visible_run(run_id)
    here = url_for("runs.show", run_id=run.id)
    try:
        runs.cancel(run, by=current_person().name)
    except StateConflict:
        return go_to(here, toast="It had already ended.", failed=True)
    return go_to(here, toast="Cancelled: no further step begins.")
