"""Letting a workflow's triggers fire, or not."""

from flask import url_for
from werkzeug.wrappers import Response

from blueprints.access import current_person, current_workspace, visible_workflow
from blueprints.hypermedia import render_change
from blueprints.workflows import bp, listing
from blueprints.workflows.views import ROW
from core.runtime import workflows


@bp.post("/<int:workflow_id>/enabling")
def enable(workflow_id: int) -> Response:
    return switch(workflow_id, True)


@bp.post("/<int:workflow_id>/disabling")
def disable(workflow_id: int) -> Response:
    return switch(workflow_id, False)


def switch(workflow_id: int, enabled: bool) -> Response:
    workflow = visible_workflow(workflow_id)
    workflows.set_enabled(workflow, enabled, by=current_person().name)
    row = listing.rows(current_workspace().id, only=workflow.id)[0]
    said = "is on: its triggers fire" if enabled else "is off: nothing starts it any more"
    return render_change(
        ROW, otherwise=url_for("workflows.index"), toast=f"{workflow.label} {said}", row=row
    )
