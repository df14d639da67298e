"""Take a failed run up again, from the step that failed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response, request, url_for

from blueprints.access import current_person, visible_run
from blueprints.hypermedia import go_to
from blueprints.runs import bp
from core.engine import json_gate
from core.engine.errors import StateConflict
from core.engine.json_gate import JsonRefused
from core.runtime import resuming
from core.runtime.resuming import NotResumable
from core.runtime.run_view import RunView
from core.storage.db import db
from core.storage.workflow import Version

SAID = {
    "retry": "It goes on from the step that failed.",
    "published": "It goes on from there, on what is published now.",
    "skip": "It goes on without that step.",
    "inputs": "It goes on from there, with what you gave it.",
}
LONGEST_INPUTS = 1_000_000  # characters


@dataclass(frozen=True, slots=True)
class Ways:
    """How a failed run can go on: as its page offers it."""

    step_label: str
    live_number: int | None  # the published version, if it is another one and the step is there
    why_not_live: str
    inputs: str  # what went in, to be changed; empty where nothing did


def ways(view: RunView) -> Ways | None:
    """What a person can do about this run; nothing if it can't be taken up."""
    try:
        plan = resuming.plan(view.run)
    except NotResumable:
        return None
    step = view.step(plan.path) if plan.path else None
    number, why_not = _live(view) if plan.path else (None, "")
    has_inputs = step is not None and not step.is_block and isinstance(step.inputs, Mapping)
    inputs = json.dumps(step.inputs, ensure_ascii=False, indent=1) if step and has_inputs else ""
    shown = inputs if len(inputs) <= LONGEST_INPUTS else ""
    return Ways(step.label if step else "", number, why_not, shown)


def _live(view: RunView) -> tuple[int | None, str]:
    """The published version that it could go on with, or why it can't."""
    published = view.workflow.published_id
    if view.run.mode != "live" or published in (None, view.run.version_id):
        return None, ""
    number = db.session.get_one(Version, published).number
    try:
        resuming.plan(view.run, is_published=True)
    except NotResumable as refused:
        return None, f"Version {number} is live, but it can’t go on there: {refused}."
    return number, ""


@bp.post("/runs/<run_id>/retry")
def retry(run_id: str) -> Response:
    run = visible_run(run_id)
    here = url_for("runs.show", run_id=run.id)
    way = request.form.get("way", "retry")
    if way not in SAID:
        return go_to(here, toast="Choose how it should go on.")
    try:
        inputs = read_inputs(request.form.get("inputs", "")) if way == "inputs" else None
        plan = resuming.plan(
            run, is_published=way == "published", is_skipped=way == "skip", inputs=inputs
        )
        resuming.retry(run, plan, by=current_person().name)
        said = SAID[way]
    except JsonRefused as refused:
        said = f"What should go in is not JSON: {refused.message}."
    except (NotResumable, StateConflict) as refused:
        said = f"Nothing was changed: {refused}."
    return go_to(here, toast=said)


def read_inputs(text: str) -> Mapping[str, Any]:
    """What a person wants to go in; raises JsonRefused and NotResumable."""
    found = json_gate.parse_text(text[:LONGEST_INPUTS])
    if not isinstance(found, Mapping):
        raise NotResumable("what goes into a step is a group of names and values")
    return found
