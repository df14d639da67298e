"""Test runs of the draft: the form, what it will really do, and its progress on the canvas."""

import json
from collections.abc import Mapping
from typing import Any

from flask import Response, redirect, render_template, request, url_for

from blueprints import hypermedia
from blueprints.access import current_person, current_workspace, visible_run, visible_workflow
from blueprints.editor import bp, effects, outputs
from blueprints.editor.overlays import ShownRun
from blueprints.editor.panel import panel_of
from blueprints.editor.partials import Answer
from blueprints.editor.workbench import Workbench
from core.engine import json_gate, parameters
from core.engine.json_gate import JsonRefused
from core.engine.parameters import Parameter
from core.runtime import runs
from core.storage.run import Run
from core.storage.workflow import Workflow

DIALOG = "editor/_test_run.html"
BODY = "body"


@bp.get("/workflows/<int:workflow_id>/test-run")
def new_test_run(workflow_id: int) -> Response:
    """The dialog: the input, and what the run will really do with it."""
    workflow = visible_workflow(workflow_id)
    return dialog(workflow, example_input(workflow, request.args.get("again")))


@bp.post("/workflows/<int:workflow_id>/test-run/effects")
def foresee(workflow_id: int) -> Response:
    """What the run will really do with the input as it is typed now."""
    workflow = visible_workflow(workflow_id)
    trigger, _ = typed_trigger(declared(workflow))
    doings = effects.of_definition(workflow.definition, trigger)
    return hypermedia.render("editor/_really.html", "editor/_really.html", doings=doings)


@bp.post("/workflows/<int:workflow_id>/test-run")
def start_test_run(workflow_id: int) -> Response:
    """Run the draft with the typed input and watch it on the canvas."""
    workflow = visible_workflow(workflow_id)
    trigger, problems = typed_trigger(declared(workflow))
    if problems:
        return dialog(workflow, dict(request.form.lists()), problems, status=422)
    run = runs.start_test(workflow, trigger, by=current_person().name)
    where = url_for("editor.show", workflow_id=workflow.id, run=run.id)
    if not request.htmx:
        return redirect(where, 303)
    return watched(workflow, run, where)


@bp.get("/workflows/<int:workflow_id>/runs/<run_id>/progress")
def progress(workflow_id: int, run_id: str) -> Response:
    """The run bar, the canvas and the panel, if anything has happened since the last time."""
    workflow, run = visible_workflow(workflow_id), visible_run(run_id)
    seen = (request.args.get("seen"), request.args.get("state"))
    if seen == (str(run.seq), run.state) and not run.is_final:
        return hypermedia.answer("", 204)
    bench = Workbench(workflow, request.args.get("step", ""), run=ShownRun(run))
    answer = Answer(bench)
    answer.pieces.append(render_template("editor/_runbar.html", bench=bench))
    answer.draw("#flow", "editor/_flow.html", "outerMorph")
    if bench.selected:
        answer.draw("#panel", "editor/_panel.html", panel=panel_of(bench))
    return hypermedia.answer("\n".join(answer.pieces))


@bp.post("/workflows/<int:workflow_id>/runs/<run_id>/test-run-cancellation")
def cancel_test_run(workflow_id: int, run_id: str) -> Response:
    """End the run that is watched."""
    workflow, run = visible_workflow(workflow_id), visible_run(run_id)
    if not run.is_final:
        runs.cancel(run, by=current_person().name)
    return redirect(url_for("editor.show", workflow_id=workflow.id, run=run.id), 303)


def watched(workflow: Workflow, run: Run, where: str) -> Response:
    """The editor with the run laid over it; the dialog closes."""
    bench = Workbench(workflow, request.form.get("selected", ""), run=ShownRun(run))
    answer = Answer(bench)
    answer.draw("#flow", "editor/_flow.html", "outerMorph")
    answer.draw("#runbar", "editor/_runbar.html")
    answer.draw("#tools", "editor/_tools.html")
    answer.draw("#panel", "editor/_panel.html", panel=panel_of(bench))
    answer.put("#test-run-holder", swap="delete")
    headers = {"HX-Push-Url": where, "HX-Trigger": json.dumps({"run:watched": {}})}
    return hypermedia.answer("\n".join(answer.pieces), 200, headers)


def dialog(
    workflow: Workflow,
    typed: Mapping[str, list[str]],
    problems: Mapping[str, str] | None = None,
    *,
    status: int = 200,
) -> Response:
    """The dialog with what is typed in it."""
    wanted = declared(workflow)
    trigger, _ = read_trigger(wanted, typed)
    context = {
        "workflow": workflow,
        "parameters": wanted,
        "typed": typed,
        "problems": problems or {},
        "doings": effects.of_definition(workflow.definition, trigger),
        "has_last": outputs.last_run(workflow) is not None,
    }
    if hypermedia.wants_partials():
        return hypermedia.render(DIALOG, DIALOG, status=status, **context)
    return hypermedia.render("editor/dialog.html", partial=DIALOG, status=status, **context)


def declared(workflow: Workflow) -> list[Parameter]:
    """What the draft is started with."""
    endpoint = workflow.definition.triggers.get("endpoint") or {}
    return parameters.declared(endpoint.get("parameters"))


def typed_trigger(wanted: list[Parameter]) -> tuple[dict[str, Any], dict[str, str]]:
    """The trigger made of the form, or by parameter what is wrong."""
    return read_trigger(wanted, dict(request.form.lists()))


def read_trigger(
    wanted: list[Parameter], typed: Mapping[str, list[str]]
) -> tuple[dict[str, Any], dict[str, str]]:
    if not wanted:
        body, problems = typed_body((typed.get(BODY) or [""])[0].strip())
        return as_trigger({}, body), problems
    values, bad = parameters.read_typed(wanted, typed, current_workspace().timezone)
    return as_trigger(values, values), {problem.parameter: problem.message for problem in bad}


def as_trigger(values: Mapping[str, Any], body: Any) -> dict[str, Any]:
    """What steps read as `trigger`, as if a person had called."""
    person = current_person()
    caller = {"kind": "user", "id": str(person.id), "name": person.name}
    return {**values, "headers": {}, "query": {}, "body": body, "caller": caller}


def typed_body(text: str) -> tuple[Any, dict[str, str]]:
    try:
        return (json_gate.parse_text(text) if text else {}), {}
    except JsonRefused as refusal:
        return {}, {BODY: f"This is not JSON: {refusal}."}


def example_input(workflow: Workflow, again: str | None) -> dict[str, list[str]]:
    """What the form begins with: the input of a run, of the last one if none is named."""
    run = visible_run(again) if again else outputs.last_run(workflow)
    given = run.input if run and isinstance(run.input, Mapping) else {}
    wanted = declared(workflow)
    if not wanted:
        body = given.get(BODY)
        return {BODY: [text_of(body)]} if body not in (None, {}, []) else {}
    return {p.key: [text_of(given[p.key])] for p in wanted if given.get(p.key) is not None}


def text_of(value: Any) -> str:
    """A value as a person types it."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    return json.dumps(value, ensure_ascii=False, indent=1 if isinstance(value, dict) else None)
