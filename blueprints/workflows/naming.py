"""What a workflow is called, and so which URL it has."""

from flask import request, url_for
from werkzeug.wrappers import Response

from blueprints.access import current_person, current_workspace, visible_workflow
from blueprints.hypermedia import go_to, render
from blueprints.workflows import bp
from blueprints.workflows.views import DIALOG
from core import config
from core.runtime import workflows, workspaces
from core.runtime.workflows import BadName, NameTaken
from core.storage.workflow import Workflow

RENAME = "workflows/_rename.html"


@bp.get("/<int:workflow_id>/name")
def edit_name(workflow_id: int) -> Response:
    workflow = visible_workflow(workflow_id)
    typed = {"label": workflow.label, "name": workflow.name, "folder": workflow.folder}
    return form(workflow, typed)


@bp.post("/<int:workflow_id>/name")
def rename(workflow_id: int) -> Response:
    workflow = visible_workflow(workflow_id)
    typed = {name: request.form.get(name, "").strip() for name in ("label", "name", "folder")}
    by = current_person().name
    try:
        if typed["name"] != workflow.name:
            workflows.rename(workflow, typed["name"], by=by)
    except (BadName, NameTaken) as refusal:
        return form(workflow, typed, {"name": f"{refusal}."}, status=422)
    workflows.describe(
        workflow,
        label=typed["label"],
        folder=typed["folder"],
        color=workflow.color,
        description=workflow.description,
        by=by,
    )
    return go_to(url_for("workflows.index"), toast=f"Renamed to {workflow.label}")


def form(
    workflow: Workflow,
    typed: dict[str, str],
    problems: dict[str, str] | None = None,
    *,
    status: int = 200,
) -> Response:
    return render(
        DIALOG,
        RENAME,
        status=status,
        partial=RENAME,
        workflow=workflow,
        typed=typed,
        problems=problems or {},
        url_now=live_url(workflow),
        folder_names=folder_names(),
    )


def live_url(workflow: Workflow) -> str:
    """The URL that callers use today; empty if there is none."""
    version = workflow.published
    if version is None or not version.definition.triggers.get("endpoint", {}).get("exposed"):
        return ""
    name = current_workspace().name
    room = "" if name == workspaces.FIRST else f"/{name}"
    return f"{config.current().base_url}{room}/api/1.1/wf/{workflow.name}"


def folder_names() -> list[str]:
    everything = Workflow.of_workspace(current_workspace().id)
    return sorted({workflow.folder for workflow in everything} - {""}, key=str.lower)
