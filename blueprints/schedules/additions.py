"""Adding a schedule: to which workflow; the rest is done where it is built."""

from flask import Response, request, url_for

from blueprints import numbers
from blueprints.access import current_person, current_workspace, visible_workflow
from blueprints.hypermedia import go_to, render
from blueprints.schedules import bp
from blueprints.workflow_pages import START
from core.runtime import starting_points, workflows
from core.storage.workflow import Workflow
from core.triggers.schedule import with_one_more


@bp.get("/new")
def new() -> Response:
    choices = Workflow.of_workspace(current_workspace().id)
    return render("schedules/new.html", "schedules/_new.html", choices=choices)


@bp.post("/new")
def create() -> Response:
    chosen, by = request.form.get("workflow", ""), current_person().name
    workflow_id = numbers.read(chosen)
    if workflow_id is None:
        workflow = starting_points.begin(current_workspace().id, "schedule", "", by=by)
    else:
        workflow = visible_workflow(workflow_id)
        listed = workflow.definition.triggers.get("schedules") or ()
        changes = {"op": "change_triggers", "changes": {"schedules": with_one_more(listed)}}
        workflow = workflows.edit_draft(workflow, workflow.revision, changes, by=by)
    said = "Choose the times; publish when they are right."
    return go_to(url_for("editor.show", workflow_id=workflow.id, step=START), toast=said)
