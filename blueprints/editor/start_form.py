"""The panel “Starts when”: who may call the URL, what a caller sends, how it is answered."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import Response, redirect, request, url_for

from blueprints import hypermedia
from blueprints.access import current_person, visible_workflow
from blueprints.editor import bp, form_values, outputs
from blueprints.editor.drawing import Drawing
from blueprints.editor.operations import conflict, revision_of
from blueprints.editor.partials import Answer
from blueprints.editor.start_panel import StartPanel
from blueprints.editor.step_form import last_values
from blueprints.editor.workbench import START, Workbench
from core import clock
from core.auth_schemes import auth_schemes
from core.engine import json_gate, parameter_shapes
from core.engine.errors import DefinitionError
from core.engine.json_gate import JsonRefused
from core.runtime import tokens, workflows
from core.storage.workflow import Workflow
from core.triggers import trigger_types

KEY_LIFE = timedelta(hours=24)
ENDPOINT = "endpoint"


@bp.post("/workflows/<int:workflow_id>/starts")
def change_starts(workflow_id: int) -> Response:
    """Save what was changed in the panel."""
    workflow = visible_workflow(workflow_id)
    form = last_values(request.form)
    tree = form_values.tree_of(form)
    endpoint = workflow.definition.triggers.get(ENDPOINT) or {}
    action = form.get("action", "")
    if action == "remove-row":
        rows = (form_values.at(tree, "parameters") or {}).get("rows") or {}
        rows.pop(form.get("row", ""), None)
    changes = changes_of(endpoint, tree, fields_of(form))
    return save(workflow, changes, redrawn=bool(action), drawing=drawing_of(form))


@bp.post("/workflows/<int:workflow_id>/starts/called")
def switch_called(workflow_id: int) -> Response:
    """Let the URL be called, or not; the first time with a key."""
    workflow = visible_workflow(workflow_id)
    endpoint = workflow.definition.triggers.get(ENDPOINT)
    is_on = request.form.get("on") == "true"
    if endpoint is None and is_on:
        changes: dict[str, Any] = {ENDPOINT: trigger_types()[ENDPOINT].new_settings}
    else:
        changes = {f"{ENDPOINT}.exposed": True if is_on else None}
    return save(workflow, changes, redrawn=True, select=True)


@bp.post("/workflows/<int:workflow_id>/starts/parameters")
def read_parameters(workflow_id: int) -> Response:
    """Declare what an example body, or the last call, holds."""
    workflow = visible_workflow(workflow_id)
    if request.form.get("source") == "last-call":
        example, problem = last_body(workflow), "Nobody has called yet."
    else:
        example, problem = parsed(request.form.get("example", ""))
    found = parameter_shapes.infer(example)
    if not found:
        return hypermedia.refuse(problem or "There are no names in this example.", 422)
    known = {p["key"]: p for p in parameters_of(workflow)}
    new = [{**kept(known.get(p.key)), **p.to_json()} for p in found]
    return save(workflow, {f"{ENDPOINT}.parameters": new}, redrawn=True)


@bp.post("/workflows/<int:workflow_id>/starts/key")
def make_key(workflow_id: int) -> Response:
    """Make a key that may run only this workflow, for a day, and show the line to paste."""
    workflow = visible_workflow(workflow_id)
    name = f"{workflow.label}, for a day"[: tokens.LONGEST_NAME]
    scopes = [f"run:{workflow.name}"]
    _, key = tokens.create(
        workflow.workspace_id,
        name,
        scopes,
        expires=clock.now() + KEY_LIFE,
        created_by=current_person().name,
    )
    bench = Workbench(workflow, START)
    answer = Answer(bench)
    answer.draw("#starts-key", "editor/_starts_key.html", panel=StartPanel(bench, key=key))
    return answer.response()


def save(
    workflow: Workflow,
    changes: dict[str, Any],
    *,
    redrawn: bool,
    drawing: Drawing | None = None,
    select: bool = False,
) -> Response:
    """Change the triggers and answer with what looks different."""
    given, revision = revision_of(request.form), workflow.revision
    was_empty = not workflow.definition.steps
    try:
        if changes:
            operation = {"op": "change_triggers", "changes": changes}
            workflow = workflows.edit_draft(workflow, given, operation, by=current_person().name)
    except workflows.RevisionConflict:
        return conflict(workflow, request.form)
    except DefinitionError as error:
        return hypermedia.refuse(f"Not saved: {error}.", 422)
    if not request.htmx:
        return redirect(url_for("editor.show", workflow_id=workflow.id, step=START), 303)
    bench = Workbench(workflow, START)
    answer = Answer(bench)
    if was_empty or given != revision:
        answer.whole_flow()
    else:
        answer.start_card()
    if redrawn:
        answer.draw(
            "#panel", "editor/_panel.html", panel=StartPanel(bench, drawing=drawing or Drawing())
        )
    answer.draw("#start-problems", "editor/_start_problems.html", panel=StartPanel(bench))
    return answer.response(focus=START if select else "", redrawn="parameters" if redrawn else "")


def fields_of(form: Mapping[str, str]) -> set[str]:
    """The fields to read; without a script all of them."""
    if "fields" in form:
        return set(form["fields"].split()) | ({"parameters"} if form.get("action") else set())
    return {"endpoint", "auth", "parameters"}


def drawing_of(form: Mapping[str, str]) -> Drawing:
    return Drawing(blank="parameters" if form.get("action") == "add-row" else "")


def changes_of(
    endpoint: Mapping[str, Any], tree: Mapping[str, Any], names: set[str]
) -> dict[str, Any]:
    """What the named parts change in the triggers."""
    changes: dict[str, Any] = {}
    if "endpoint" in names:
        changes |= settings_changes(endpoint, tree.get("endpoint") or {})
    if "auth" in names and (auth := read_auth(tree.get("auth") or {})) != endpoint.get("auth"):
        changes[f"{ENDPOINT}.auth"] = auth
    if "parameters" in names:
        found = read_rows(endpoint, tree.get("parameters"))
        if found != (endpoint.get("parameters") or []):
            changes[f"{ENDPOINT}.parameters"] = found or None
    return changes


def settings_changes(endpoint: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    trigger = trigger_types()[ENDPOINT]
    changes = {}
    for declared in trigger.fields:
        if declared.key not in given:
            continue
        value = form_values.read_field(declared, given[declared.key])
        if declared.key == "not_run_status":
            value = int(given[declared.key])
        if value == declared.default:
            value = None
        if value != endpoint.get(declared.key):
            changes[f"{ENDPOINT}.{declared.key}"] = value
    return changes


def read_auth(given: Mapping[str, Any]) -> dict[str, Any]:
    """The auth scheme with those of its options that the form holds."""
    scheme = str(given.get("scheme") or "api_key")
    found: dict[str, Any] = {"scheme": scheme}
    kind = auth_schemes().get(scheme)
    for declared in kind.fields if kind else ():
        value = form_values.read_text(given.get(declared.key))
        if value is not None and declared.is_shown(given_or_none(given), {}):
            found[declared.key] = value
    return found


def given_or_none(given: Mapping[str, Any]) -> dict[str, Any]:
    """The form's values with None for what was left empty."""
    return {key: value or None for key, value in given.items()}


def read_rows(endpoint: Mapping[str, Any], given: Any) -> list[dict[str, Any]]:
    """The declared parameters; what the form doesn't show of one stays as it was."""
    known = {p["key"]: p for p in endpoint.get("parameters") or []}
    found = []
    for row in form_values.rows_of(given):
        key = str(row.get("key", "")).strip()
        if key:
            found.append(read_parameter(known.get(str(row.get("was", ""))) or {}, key, row))
    return found


def read_parameter(before: Mapping[str, Any], key: str, row: Mapping[str, Any]) -> dict[str, Any]:
    kind, _, listed = str(row.get("type", "text")).partition("[")
    parameter: dict[str, Any] = {**before, "key": key, "type": kind}
    switches = {
        "list": bool(listed),
        "optional": row.get("needed") != "true",
        "in": "query" if row.get("in") == "query" else None,
    }
    if "choices" in row:
        pieces = [piece.strip() for piece in str(row["choices"]).split(",")]
        switches["choices"] = [piece for piece in pieces if piece] or None
    if "default" in row:
        switches["default"] = form_values.read_json(str(row["default"]))
    for name, value in switches.items():
        parameter.pop(name, None)
        if value not in (None, False):
            parameter[name] = value
    return parameter


def parameters_of(workflow: Workflow) -> list[dict[str, Any]]:
    return list((workflow.definition.triggers.get(ENDPOINT) or {}).get("parameters") or [])


def kept(parameter: Mapping[str, Any] | None) -> dict[str, Any]:
    """What an author has said about a parameter that an example can't tell."""
    names = ("optional", "default", "in", "min", "max", "pattern", "choices")
    return {name: parameter[name] for name in names if name in parameter} if parameter else {}


def last_body(workflow: Workflow) -> Any:
    """What the last caller sent."""
    run = outputs.last_run(workflow)
    return run.input.get("body") if run and isinstance(run.input, Mapping) else None


def parsed(text: str) -> tuple[Any, str]:
    """The example, or why it can't be read."""
    if not text.strip():
        return None, "Paste an example first."
    try:
        return json_gate.parse_text(text), ""
    except JsonRefused as refusal:
        return None, f"This is not JSON: {refusal}."
