"""List, show, cancel, rerun and retry runs."""

import argparse
from typing import TYPE_CHECKING, Any

from blueprints.cli import Refused, _many_runs, add_json, add_workspace, verbs

if TYPE_CHECKING:
    from core.storage.run import Run

STATES = ("queued", "running", "waiting", "succeeded", "failed", "cancelled")
MOST = 1000


def arguments(parser: argparse.ArgumentParser) -> None:
    """The verbs with what they need."""
    made = verbs(parser, list=list_some, show=show, cancel=cancel, rerun=rerun, retry=retry)
    made["list"].add_argument("--state", action="append", choices=STATES, default=[])
    made["list"].add_argument("--workflow", metavar="NAME")
    made["list"].add_argument("--limit", type=int, default=20, metavar="N")
    made["retry"].add_argument("--published", action="store_true", help="on what is live now")
    how = made["retry"].add_mutually_exclusive_group()
    how.add_argument("--skip", action="store_true", help="go on without the failed step")
    how.add_argument("--inputs", metavar="JSON", help="what goes into the failed step instead")
    made["show"].add_argument("id", metavar="ID")
    for name in ("cancel", "rerun", "retry"):
        _many_runs.arguments(made[name])
    add_workspace(*made.values())
    add_json(*made.values())


def list_some(options: argparse.Namespace) -> None:
    """List runs, newest first"""
    from sqlalchemy import select

    from blueprints.cli._database import database, workspace
    from blueprints.cli._printing import print_rows
    from core.storage.db import db
    from core.storage.run import Run
    from core.storage.workflow import Workflow

    with database():
        query = select(Run, Workflow.name).join(Workflow, Run.workflow_id == Workflow.id)
        query = query.where(Run.workspace_id == workspace(options.workspace).id)
        if options.state:
            query = query.where(Run.state.in_(options.state))
        if options.workflow:
            query = query.where(Workflow.name == options.workflow)
        query = query.order_by(Run.id.desc()).limit(min(options.limit, MOST))
        rows = [as_object(run, name) for run, name in db.session.execute(query)]
    print_rows(rows, as_json=options.json, columns="run_id workflow state reason title created_at")


def show(options: argparse.Namespace) -> None:
    """Show one run with its response or error"""
    from blueprints.cli._database import database
    from blueprints.cli._printing import cell, print_json
    from core.storage.db import db
    from core.storage.workflow import Workflow

    with database():
        run = find(options)
        found = as_object(run, db.session.get_one(Workflow, run.workflow_id).name)
    if options.json:
        print_json(found)
        return
    for name, value in found.items():
        if value is not None:
            print(f"{name:<12}{cell(value)}")


def cancel(options: argparse.Namespace) -> int | None:
    """End a run, or all that match, on purpose: no step begins after it"""
    if not _many_runs.is_one(options):
        return _many_runs.begin("cancel", options)
    cancel_one(options)
    return None


def cancel_one(options: argparse.Namespace) -> None:
    """End one run on purpose."""
    from blueprints.cli._database import database
    from blueprints.cli._printing import print_json
    from core.engine.errors import StateConflict
    from core.runtime import runs
    from core.storage.db import db
    from core.storage.workflow import Workflow

    with database(StateConflict):
        run = find(options)
        runs.cancel(run, by="the command line")
        if options.json:
            print_json(as_object(run, db.session.get_one(Workflow, run.workflow_id).name))
            return
        asked = "is being cancelled" if run.state == "running" else f"is {run.state}"
        print(f"{run.id} {asked}.")


def rerun(options: argparse.Namespace) -> int | None:
    """Run again, with the same input, a run or all that match"""
    from blueprints.cli._database import WHO, database
    from blueprints.cli._printing import print_json
    from core.engine.errors import StateConflict
    from core.runtime import runs
    from core.runtime.runs import NothingPublished
    from core.storage.db import db
    from core.storage.workflow import Workflow

    if not _many_runs.is_one(options):
        return _many_runs.begin("rerun", options)
    with database(NothingPublished, StateConflict):
        run = find(options)
        workflow = db.session.get_one(Workflow, run.workflow_id)
        if workflow.deleted_at is not None:
            raise Refused(f"“{workflow.name}” has been deleted, so it cannot run again.")
        new = runs.run_again(run, by=WHO)
        if options.json:
            print_json(as_object(new, workflow.name))
        else:
            print(f"{new.id} repeats {run.id}.")
    return None


def retry(options: argparse.Namespace) -> int | None:
    """Take up a failed run, or all that match, from the failed step; what is done stays done"""
    if not _many_runs.is_one(options):
        return _many_runs.begin("retry", options)
    retry_one(options)
    return None


def retry_one(options: argparse.Namespace) -> None:
    """Take up one failed run."""
    from blueprints.cli._database import database
    from blueprints.cli._printing import print_json
    from core.engine.errors import StateConflict
    from core.runtime import resuming
    from core.runtime.resuming import NotResumable
    from core.storage.db import db
    from core.storage.workflow import Workflow

    inputs = read_inputs(options.inputs)
    with database(StateConflict, NotResumable):
        run = find(options)
        plan = resuming.plan(
            run, is_published=options.published, is_skipped=options.skip, inputs=inputs
        )
        resuming.retry(run, plan, by="the command line")
        if options.json:
            print_json(as_object(run, db.session.get_one(Workflow, run.workflow_id).name))
            return
        print(f"{run.id} goes on{f' at {plan.path}' if plan.path else ''}.")


def read_inputs(text: str | None) -> dict[str, Any] | None:
    """What goes into the step instead, from the command line."""
    from core.engine import json_gate
    from core.engine.json_gate import JsonRefused

    if text is None:
        return None
    try:
        found = json_gate.parse_text(text)
    except JsonRefused as refused:
        raise Refused(f"--inputs is not JSON: {refused.message}") from refused
    if not isinstance(found, dict):
        raise Refused("--inputs must be an object: names and values.")
    return found


def find(options: argparse.Namespace) -> "Run":
    """The run that the command names."""
    from blueprints.cli._database import workspace
    from core.runtime import runs

    run = runs.find(workspace(options.workspace).id, options.id)
    if run is None:
        raise Refused(f"There is no run {options.id}.")
    return run


def as_object(run: "Run", workflow: str) -> dict[str, Any]:
    """A run as programs read it."""
    from blueprints.cli._printing import moment

    return {
        "run_id": run.id,
        "workflow": workflow,
        "title": run.title,
        "state": run.state,
        "reason": run.reason,
        "response": run.response,
        "error": run.error,
        "created_at": moment(run.created_at),
        "started_at": moment(run.started_at),
        "finished_at": moment(run.finished_at),
    }
