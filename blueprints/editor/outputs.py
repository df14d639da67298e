"""Real values for the editor: what the last run read and made, and what can be chosen from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import g

from core.runtime import run_view
from core.runtime.run_steps import StepView
from core.storage.connection import Connection
from core.storage.db import db
from core.storage.mail_template import MailTemplate
from core.storage.run import Run
from core.storage.workflow import Workflow


@dataclass(frozen=True, slots=True)
class LastRun:
    """How a step went the last time that a run came by."""

    run: Run
    step: StepView


def last_run(workflow: Workflow) -> Run | None:
    """The newest run of the workflow; looked up once for each request."""
    known: dict[int, Run | None] = g.setdefault("last_runs", {})
    if workflow.id not in known:
        newest = db.select(Run).where(Run.workflow_id == workflow.id).order_by(Run.id.desc())
        known[workflow.id] = db.session.scalar(newest.limit(1))
    return known[workflow.id]


def last_view(workflow: Workflow) -> run_view.RunView | None:
    """The newest run as its page tells it; looked up once for each request."""
    known: dict[int, run_view.RunView | None] = g.setdefault("last_views", {})
    if workflow.id not in known:
        run = last_run(workflow)
        known[workflow.id] = run_view.view(run) if run else None
    return known[workflow.id]


def last_run_of_step(workflow: Workflow, step_id: str) -> LastRun | None:
    """How that step went in the newest run, if the run came by."""
    view = last_view(workflow)
    if view is None:
        return None
    found = [s for s in view.steps if s.step_id == step_id and s.state != "not_reached"]
    return LastRun(view.run, found[-1]) if found else None


def examples(workflow: Workflow) -> dict[str, Any]:
    """Values by path from the newest run: `trigger.<key>`, `steps.<id>`, `item of <loop>`."""
    view = last_view(workflow)
    if view is None:
        return {}
    found: dict[str, Any] = {}
    if isinstance(view.run.input, Mapping):
        found = {f"trigger.{key}": value for key, value in view.run.input.items()}
    for step in view.steps:
        if step.state == "done" and step.output is not None:
            found.setdefault(f"steps.{step.step_id}", step.output)
        items = (step.inputs or {}).get("list") if isinstance(step.inputs, Mapping) else None
        if step.is_loop and isinstance(items, Sequence) and items:
            found[f"item of {step.step_id}"] = items[0]
    return found


def last_scope(workflow: Workflow) -> dict[str, Any] | None:
    """What expressions outside of loops read, as the newest run left it."""
    view = last_view(workflow)
    if view is None:
        return None
    steps = {step.step_id: step.output for step in view.steps if step.item is None}
    values: dict[str, Any] = {}
    for step in view.steps:
        if step.type == "set_variables" and isinstance(step.output, Mapping):
            values |= step.output
    return {"trigger": view.run.input or {}, "steps": steps, "vars": values}


def mail_template_choices(workflow: Workflow) -> list[tuple[str, str]]:
    """The mail templates of the same workspace."""
    return [(t.name, t.label) for t in MailTemplate.of_workspace(workflow.workspace_id)]


def workflow_choices(workflow: Workflow) -> list[tuple[str, str]]:
    """The workflows of the same workspace."""
    return [(w.name, w.label) for w in Workflow.of_workspace(workflow.workspace_id)]


def connection_choices(workflow: Workflow, field: Any) -> list[tuple[str, str]]:
    """The connections that fit a field; its choices list the fitting types."""
    types = {key for key, _ in field.choices}
    connections = Connection.of_workspace(workflow.workspace_id)
    return [(c.name, c.label) for c in connections if not types or c.type in types]
