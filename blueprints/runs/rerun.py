"""Run a finished run's input once more, as it was or edited."""

import json
from collections.abc import Mapping
from typing import Any

from flask import Response, request, url_for

from blueprints.access import current_person, visible_run
from blueprints.hypermedia import go_to, render
from blueprints.runs import bp
from core.engine import json_gate, parameters
from core.engine.definition import Definition
from core.engine.json_gate import JsonRefused
from core.runtime import manual_starts, runs
from core.runtime.manual_starts import BadInput
from core.runtime.runs import NothingPublished
from core.storage.db import db
from core.storage.run import Run
from core.storage.workflow import Workflow

PAGE = "runs/rerun.html"
LONGEST_INPUT = 10_000_000  # characters
TOO_LONG = "This is longer than 10 MB."


@bp.post("/runs/<run_id>/rerun")
def run_again(run_id: str) -> Response:
    return start_again(visible_run(run_id), None, "Started again with the same input.")


@bp.get("/runs/<run_id>/rerun")
def edit_input(run_id: str) -> Response:
    run = visible_run(run_id)
    definition = acting(run)
    if definition is None:
        return start_again(run, None, "")
    text = json.dumps(sent(run, definition), ensure_ascii=False, indent=2)
    return page(run, text)


@bp.post("/runs/<run_id>/rerun/input")
def run_edited(run_id: str) -> Response:
    run = visible_run(run_id)
    definition = acting(run)
    text = request.form.get("input", "")
    if definition is None:
        return start_again(run, None, "")
    try:
        given = read(text)
        values = manual_starts.trigger_of(
            definition, given, by=current_person().name, timezone=run.timezone
        )
    except JsonRefused as refused:
        return page(run, text, [f"This is not JSON: {refused}."], status=422)
    except BadInput as refused:
        return page(run, text, [f"{bad.message}." for bad in refused.problems], status=422)
    kept = {key: values[key] for key in values if key not in ("headers", "query", "caller")}
    return start_again(run, kept, "Started again with what you gave it.")


def start_again(run: Run, input: Mapping[str, Any] | None, said: str) -> Response:
    """Start it, or say why it can't be."""
    workflow = db.session.get_one(Workflow, run.workflow_id)
    here = url_for("runs.show", run_id=run.id)
    if workflow.deleted_at is not None:
        gone = f"“{workflow.label}” has been deleted, so it cannot run again."
        return go_to(here, toast=gone, failed=True)
    try:
        new = runs.run_again(run, by=current_person().name, input=input)
    except NothingPublished as refused:
        return go_to(here, toast=f"{refused}.", failed=True)
    return go_to(url_for("runs.show", run_id=new.id), toast=said)


def acting(run: Run) -> Definition | None:
    """What would run: what is published, for a test the draft; None if there is nothing."""
    workflow = db.session.get_one(Workflow, run.workflow_id)
    if workflow.deleted_at is not None:
        return None
    if run.mode != "live":
        return workflow.definition
    return workflow.published.definition if workflow.published else None


def sent(run: Run, definition: Definition) -> Any:
    """What went in: the parameters that are declared now, else the whole body."""
    known = run.input if isinstance(run.input, Mapping) else {}
    declared = parameters.declared((definition.triggers.get("endpoint") or {}).get("parameters"))
    if not declared:
        return known.get("body") or {}
    return {each.key: known[each.key] for each in declared if known.get(each.key) is not None}


def read(text: str) -> Mapping[str, Any]:
    """What somebody typed; raises JsonRefused and BadInput."""
    if len(text) > LONGEST_INPUT:
        raise BadInput([parameters.BadParameter("input", "TOO_LONG", TOO_LONG.rstrip("."))])
    found = json_gate.parse_text(text or "{}")
    if not isinstance(found, Mapping):
        message = "what goes in is a group of names and values: {…}"
        raise BadInput([parameters.BadParameter("input", "INVALID", message)])
    return found


def page(run: Run, text: str, problems: list[str] | None = None, status: int = 200) -> Response:
    workflow = db.session.get_one(Workflow, run.workflow_id)
    shown = {"run": run, "workflow": workflow, "text": text, "problems": problems or []}
    return render(PAGE, status=status, **shown)
