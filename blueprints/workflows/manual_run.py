"""Running a workflow by hand, with a form made from its parameters."""

from collections.abc import Mapping
from typing import Any

from flask import request, url_for
from werkzeug.wrappers import Response

from blueprints.access import current_person, current_workspace, visible_workflow
from blueprints.hypermedia import go_to, render
from blueprints.workflows import bp
from blueprints.workflows.views import DIALOG
from core.engine import json_gate, parameters
from core.engine.json_gate import JsonRefused
from core.engine.parameters import Parameter
from core.runtime import manual_starts
from core.storage.workflow import Workflow

RUN = "workflows/_run.html"
BODY = "body"


@bp.get("/<int:workflow_id>/manual-run")
def new_run(workflow_id: int) -> Response:
    return form(visible_workflow(workflow_id))


@bp.post("/<int:workflow_id>/manual-run")
def start_run(workflow_id: int) -> Response:
    workflow = visible_workflow(workflow_id)
    values, problems = typed_values(declared(workflow))
    if problems:
        return form(workflow, problems, status=422)
    is_draft = workflow.published_id is None
    run = manual_starts.start(workflow, values, by=current_person().name, is_draft=is_draft)
    return go_to(url_for("runs.show", run_id=run.id))


def declared(workflow: Workflow) -> list[Parameter]:
    """What it is started with: as published, or as drafted while it never was."""
    version = workflow.published
    definition = version.definition if version else workflow.definition
    return parameters.declared(definition.triggers.get("endpoint", {}).get("parameters"))


def typed_values(wanted: list[Parameter]) -> tuple[dict[str, Any], dict[str, str]]:
    """The values to start with, or by parameter what is wrong."""
    if not wanted:
        return typed_body(request.form.get(BODY, "").strip())
    typed = dict(request.form.lists())
    values, bad = parameters.read_typed(wanted, typed, current_workspace().timezone)
    return values, {problem.parameter: problem.message for problem in bad}


def typed_body(text: str) -> tuple[dict[str, Any], dict[str, str]]:
    try:
        body = json_gate.parse_text(text or "{}")
    except JsonRefused as refusal:
        return {}, {BODY: f"This is not JSON: {refusal}."}
    return (body, {}) if isinstance(body, dict) else ({}, {BODY: "Write an object: {…}."})


def form(
    workflow: Workflow, problems: Mapping[str, str] | None = None, *, status: int = 200
) -> Response:
    version = workflow.published
    return render(
        DIALOG,
        RUN,
        status=status,
        partial=RUN,
        workflow=workflow,
        parameters=declared(workflow),
        typed=request.form,
        problems=problems or {},
        live_number=version.number if version else None,
    )
