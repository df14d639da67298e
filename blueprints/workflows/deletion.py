"""Deleting a workflow: a live one only for who writes its name."""

from flask import request, url_for
from werkzeug.wrappers import Response

from blueprints.access import current_person, visible_workflow
from blueprints.hypermedia import go_to, render
from blueprints.workflows import bp
from blueprints.workflows.views import DIALOG
from core.runtime import workflows
from core.storage.workflow import Workflow

DELETE = "workflows/_delete.html"


@bp.get("/<int:workflow_id>/deletion")
def confirm_deletion(workflow_id: int) -> Response:
    return form(visible_workflow(workflow_id))


@bp.post("/<int:workflow_id>/deletion")
def delete(workflow_id: int) -> Response:
    workflow = visible_workflow(workflow_id)
    label, typed = workflow.label, request.form.get("sure", "").strip()
    if workflow.published_id is not None and typed != workflow.name:
        problems = {"sure": f"This is not “{workflow.name}”."}
        return form(workflow, typed, problems, status=422)
    workflows.delete(workflow, by=current_person().name)
    return go_to(url_for("workflows.index"), toast=f"{label} is deleted")


def form(
    workflow: Workflow,
    typed: str = "",
    problems: dict[str, str] | None = None,
    *,
    status: int = 200,
) -> Response:
    return render(
        DIALOG,
        DELETE,
        status=status,
        partial=DELETE,
        workflow=workflow,
        typed=typed,
        problems=problems or {},
        is_live=workflow.published_id is not None,
    )
