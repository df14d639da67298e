"""The editor's page, and the name of the workflow that is changed on it."""

import json

from flask import Response, abort, request, url_for
from flask.blueprints import BlueprintSetupState

from blueprints import hypermedia, numbers
from blueprints.access import current_person, found, visible_run, visible_workflow
from blueprints.editor import bp, library, wording
from blueprints.editor.overlays import ShownRun
from blueprints.editor.panel import StepPanel, panel_of
from blueprints.editor.workbench import Workbench
from core.runtime import workflows

PANEL = "editor/_panel.html"
THENS = (
    ("case-upper", "UPPER CASE", "upper"),
    ("case-sensitive", "lower case", "lower"),
    ("case-sensitive", "Title Case", "title"),
    ("list-start", "First item", "first"),
    ("list-end", "Last item", "last"),
    ("hash", "How many", "count"),
    ("calendar", "As a date", "format_date('D MMMM YYYY')"),
    ("decimals-arrow-right", "Round", "round(2)"),
)


@bp.get("/workflows/<int:workflow_id>/build")
def show(workflow_id: int) -> Response:
    """The canvas and the panel of what is selected; htmx asks for the panel alone."""
    workflow = visible_workflow(workflow_id)
    bench = Workbench(
        workflow,
        request.args.get("step", ""),
        run=shown_run(workflow.id),
        tab=request.args.get("tab", ""),
    )
    partials = ("editor/_flow.html", PANEL) if "turn" in request.args else (PANEL,)
    return hypermedia.render("editor/build.html", *partials, bench=bench, panel=panel_of(bench))


@bp.get("/workflows/<int:workflow_id>/steps/<step_id>/text")
def step_text(workflow_id: int, step_id: str) -> Response:
    """A step with all inside it, as workflow files hold it; for the clipboard."""
    definition = visible_workflow(workflow_id).definition
    if step_id not in definition.step_ids():
        abort(404)
    text = json.dumps(definition.find(step_id).to_json(), ensure_ascii=False, indent=2)
    return Response(text, mimetype="text/plain")


@bp.get("/workflows/<int:workflow_id>/steps/<step_id>/values")
def step_values(workflow_id: int, step_id: str) -> Response:
    """All that can be inserted at a step, for the picker of a long workflow."""
    bench = Workbench(visible_workflow(workflow_id), step_id)
    step = found(bench.definition.find(step_id) if bench.selected == step_id else None)
    panel = StepPanel(bench, step)
    partial = "editor/_sources.html"
    return hypermedia.render(partial, partial, sources=panel.all_sources, more=0, panel=panel)


@bp.post("/workflows/<int:workflow_id>/label")
def change_label(workflow_id: int) -> Response:
    """Call the workflow something else; its URL stays."""
    workflow = visible_workflow(workflow_id)
    workflows.describe(
        workflow,
        label=request.form.get("label", ""),
        folder=workflow.folder,
        color=workflow.color,
        description=workflow.description,
        by=current_person().name,
    )
    bench = Workbench(visible_workflow(workflow_id))
    return hypermedia.render_change(
        "editor/_saved.html",
        otherwise=url_for("editor.show", workflow_id=workflow.id),
        bench=bench,
    )


def shown_run(workflow_id: int) -> ShownRun | None:
    """The run to lay over the canvas, with the turns of its loops to look at."""
    if not request.args.get("run"):
        return None
    run = visible_run(request.args["run"])
    found(run if run.workflow_id == workflow_id else None)
    turns = {}
    for text in request.args.getlist("turn"):
        loop, _, number = text.partition(":")
        if (turn := numbers.read(number)) is not None:
            turns[loop] = turn
    return ShownRun(run, turns)


@bp.record
def give_words(state: BlueprintSetupState) -> None:
    """What the editor's templates and macros look up."""
    state.app.jinja_env.globals.update(
        step_kinds=library.kinds,
        comparisons=wording.COMPARISONS.items,
        value_pipes=lambda: THENS,
    )
