"""Answer what a run asks: whether an effect happened before a crash."""

from typing import Any

from flask import Response, request, url_for

from blueprints.access import current_person, visible_run
from blueprints.hypermedia import go_to
from blueprints.runs import bp
from core.engine import crashes, json_gate
from core.engine.errors import StateConflict
from core.engine.json_gate import JsonRefused
from core.runtime import unknown_outcomes

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
    if decision not in SAID:
        return go_to(here, toast="Choose what happened.")
    try:
        output = read_output(request.form.get("output", ""))
    except JsonRefused as refused:
        return go_to(here, toast=f"The result is not JSON: {refused.message}.")
    try:
        unknown_outcomes.decide(run, path, decision, by=current_person().name, output=output)
        said = SAID[decision]
    except StateConflict as conflict:
        said = f"Nothing was changed: {conflict}."
    return go_to(url_for("runs.show", run_id=run.id), toast=said)


def read_output(text: str) -> Any:
    """What the step gave, as somebody typed it; nothing if they left it empty."""
    return json_gate.parse_text(text[:LONGEST_OUTPUT]) if text.strip() else None
