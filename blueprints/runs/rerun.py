"""Run a finished run's input once more."""

from flask import Response, url_for

from blueprints.access import current_person, visible_run
from blueprints.hypermedia import go_to
from blueprints.runs import bp
from core.runtime import runs
from core.runtime.runs import NothingPublished
from core.storage.db import db
from core.storage.workflow import Workflow


@bp.post("/runs/<run_id>/rerun")
def run_again(run_id: str) -> Response:
    run = visible_run(run_id)
    workflow = db.session.get_one(Workflow, run.workflow_id)
    if workflow.deleted_at is not None:
        said = f"“{workflow.label}” has been deleted, so it cannot run again."
        return go_to(url_for("runs.show", run_id=run.id), toast=said)
    try:
        new = runs.run_again(run, by=current_person().name)
    except NothingPublished as refused:
        return go_to(url_for("runs.show", run_id=run.id), toast=f"{refused}.")
    return go_to(url_for("runs.show", run_id=new.id), toast="Started again with the same input.")
