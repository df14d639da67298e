"""Take a failed run up again, from the step that failed."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import Response, request, url_for

from blueprints.access import current_person, visible_run
from blueprints.hypermedia import go_to
from blueprints.runs import bp
from blueprints.runs.views import refused
from blueprints.runs.ways import LONGEST_INPUTS, ways
from core.engine import json_gate
from core.engine.errors import StateConflict
from core.engine.json_gate import JsonRefused
from core.runtime import resuming, run_view
from core.runtime.resuming import NotResumable
from core.storage.run import Run

SAID = {
    "retry": "It goes on from the step that failed.",
    "published": "It goes on from there, on what is published now.",
    "skip": "It goes on without that step.",
    "inputs": "It goes on from there, with what you gave it.",
}
NO_GROUP = "What goes into a step is a group of names and values: {…}."


class BadInputs(Exception):
    """What somebody typed can't go into a step."""


@bp.post("/runs/<run_id>/retry")
def retry(run_id: str) -> Response:
    run = visible_run(run_id)
    here = url_for("runs.show", run_id=run.id)
    way, typed = request.form.get("way", "retry"), request.form.get("inputs", "")
    if way not in SAID:
        return go_to(here, toast="Choose how it should go on.", failed=True)
    try:
        inputs = read_inputs(typed[:LONGEST_INPUTS]) if way == "inputs" else None
        plan = resuming.plan(
            run, is_published=way == "published", is_skipped=way == "skip", inputs=inputs
        )
        resuming.retry(run, plan, by=current_person().name)
    except BadInputs as bad:
        return ask_again(run, typed[:LONGEST_INPUTS], str(bad))
    except (NotResumable, StateConflict) as conflict:
        return go_to(here, toast=f"Nothing was changed: {conflict}.", failed=True)
    return go_to(here, toast=SAID[way])


def read_inputs(text: str) -> Mapping[str, Any]:
    """What a person wants to go in; raises BadInputs."""
    try:
        found = json_gate.parse_text(text)
    except JsonRefused as refusal:
        raise BadInputs(f"This is not JSON: {refusal}.") from refusal
    if not isinstance(found, Mapping):
        raise BadInputs(NO_GROUP)
    return found


def ask_again(run: Run, typed: str, problem: str) -> Response:
    """The run's page with the form open and what was typed in it."""
    offered = ways(run_view.view(run)) if run.state == "failed" else None
    if offered is None or not offered.inputs:
        here = url_for("runs.show", run_id=run.id)
        return go_to(here, toast="Nothing was changed: it has gone on.", failed=True)
    path = (run.error or {}).get("path", "")
    return refused(run, path, ways=replace(offered, inputs=typed, problem=problem))
