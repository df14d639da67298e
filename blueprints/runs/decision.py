"""Answer what a run asks: whether an effect happened before a crash."""

from typing import Any

from flask import Response, request, url_for

from blueprints.access import current_person, visible_run
from blueprints.hypermedia import go_to, render
from blueprints.runs import bp
from core.engine import crashes, json_gate
from core.engine.errors import StateConflict
from core.engine.json_gate import JsonRefused
from core.runtime import run_view, unknown_outcomes
from core.storage.run import Run

SAID = {
    crashes.HAPPENED: "Noted: it happened. The run goes on after it.",
    crashes.RUN_AGAIN: "It is run again, under the same key.",
    crashes.SKIP: "Skipped. The run goes on without it.",
}
LONGEST_OUTPUT = 100_000  # characters


@bp.post("/runs/<run_id>/decisions")
def decide(run_id: str) -> Response:
    run = visible_run(run_id)
    path, decision = request.form.get("step", ""), request.form.get("decision", "")
    here = url_for("runs.show", run_id=run.id, step=path)
    typed = request.form.get("output", "")[:LONGEST_OUTPUT]
    if decision not in SAID:
        return go_to(here, toast="Choose what happened.", failed=True)
    try:
        output = read_output(typed) if decision == crashes.HAPPENED else None
        unknown_outcomes.decide(run, path, decision, by=current_person().name, output=output)
    except JsonRefused as refused:
        return ask_again(run, path, typed, f"This is not JSON: {refused}.")
    except StateConflict as conflict:
        return go_to(here, toast=f"Nothing was changed: {conflict}.", failed=True)
    return go_to(url_for("runs.show", run_id=run.id), toast=SAID[decision])


def ask_again(run: Run, path: str, typed: str, problem: str) -> Response:
    """What was typed, on a page of its own, which nothing draws anew meanwhile."""
    step = run_view.view(run).step(path)
    shown = {"run": run, "step": step, "path": path, "typed": typed, "problem": problem}
    return render("runs/decision.html", status=422, **shown)


def read_output(text: str) -> Any:
    """What the step gave, as somebody typed it; nothing if they left it empty."""
    return json_gate.parse_text(text) if text.strip() else None
