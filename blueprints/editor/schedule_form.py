"""Schedules in the panel “Starts when”: add one, change it, take it away."""

from collections.abc import Mapping
from typing import Any

from flask import Response, redirect, request, url_for

from blueprints import hypermedia
from blueprints.access import current_person, found, visible_workflow
from blueprints.editor import bp
from blueprints.editor.operations import conflict, revision_of
from blueprints.editor.partials import Answer
from blueprints.editor.schedule_views import ScheduleView
from blueprints.editor.start_panel import StartPanel
from blueprints.editor.step_form import last_values
from blueprints.editor.workbench import START, Workbench
from core.engine import json_gate
from core.engine.errors import DefinitionError
from core.engine.json_gate import JsonRefused
from core.engine.recurrence import RecurrenceError, words
from core.engine.recurrence.words import Plan
from core.runtime import workflows
from core.storage.workflow import Workflow
from core.triggers.schedule import with_one_more

Form = Mapping[str, str]
DEFAULTS = {"timezone": "", "missed": "run_once", "overlap": "skip", "input": None}


class BadInput(ValueError):
    """What the schedule is to give is no group of values."""


@bp.post("/workflows/<int:workflow_id>/starts/schedules")
def add_schedule(workflow_id: int) -> Response:
    """Add one: weekdays at nine, to be changed."""
    workflow = visible_workflow(workflow_id)
    return save(workflow, with_one_more(schedules_of(workflow)), redrawn=True)


@bp.post("/workflows/<int:workflow_id>/starts/schedules/<key>")
def change_schedule(workflow_id: int, key: str) -> Response:
    """Save what was changed of one."""
    workflow = visible_workflow(workflow_id)
    listed = schedules_of(workflow)
    before = found(next((said for said in listed if said["key"] == key), None))
    form = last_values(request.form)
    try:
        said = read_schedule(before, form)
    except (RecurrenceError, BadInput) as error:
        return refuse(workflow, ScheduleView(before, error=str(error)))
    after = [said if each is before else each for each in listed]
    return save(workflow, after, redrawn=bool(form.get("action")), key=key)


@bp.post("/workflows/<int:workflow_id>/starts/schedules/<key>/removal")
def remove_schedule(workflow_id: int, key: str) -> Response:
    """Take one away; what is live stays until the draft is published."""
    workflow = visible_workflow(workflow_id)
    left = [said for said in schedules_of(workflow) if said["key"] != key]
    return save(workflow, left, redrawn=True)


def save(workflow: Workflow, listed: list[Any], *, redrawn: bool, key: str = "") -> Response:
    """Change the draft's schedules and answer with what looks different."""
    given = revision_of(request.form)
    was_empty = not workflow.definition.steps
    if listed != schedules_of(workflow):
        operation = {"op": "change_triggers", "changes": {"schedules": listed or None}}
        try:
            workflow = workflows.edit_draft(workflow, given, operation, by=current_person().name)
        except workflows.RevisionConflict:
            return conflict(workflow, request.form)
        except DefinitionError as error:
            return hypermedia.refuse(f"Not saved: {error}.", 422)
    if not request.htmx:
        return redirect(url_for("editor.show", workflow_id=workflow.id, step=START), 303)
    bench = Workbench(workflow, START)
    advanced = key if request.form.get("kind") == "cron" else ""
    answer, panel = Answer(bench), StartPanel(bench, advanced=advanced)
    answer.whole_flow() if was_empty else answer.start_card()
    if redrawn:
        answer.draw("#panel", "editor/_panel.html", panel=panel)
    else:
        view = ScheduleView(next(said for said in listed if said["key"] == key))
        answer.draw(f"#times-{key}", "editor/_schedule_times.html", schedule=view)
    answer.draw("#start-problems", "editor/_start_problems.html", panel=panel)
    return answer.response()


def refuse(workflow: Workflow, view: ScheduleView) -> Response:
    """Say beside the form why it can't be taken; the draft stays as it was."""
    if not request.htmx:
        return hypermedia.refuse(f"Not saved: {view.error}.", 422)
    answer = Answer(Workbench(workflow, START))
    answer.draw(f"#times-{view.key}", "editor/_schedule_times.html", schedule=view)
    return answer.response(status=422)


def read_schedule(before: Mapping[str, Any], form: Form) -> dict[str, Any]:
    """The schedule as the form has it; raises RecurrenceError or BadInput."""
    if form.get("kind") == "every":
        when = {"every": before.get("every", form.get("text", ""))}
    else:
        when = read_plan(form, words.plan_of(before)).to_json()
        if words.words(when) == words.words(before) and "every" in before and "every" in when:
            when = {"every": before["every"]}
    said: dict[str, Any] = {"key": before["key"], **when}
    given = {name: form.get(name, "") for name in ("timezone", "missed", "overlap")}
    values = {**given, "input": read_input(form.get("input", ""))}
    return said | {
        name: value for name, value in values.items() if value and value != DEFAULTS[name]
    }


def read_plan(form: Form, before: Plan) -> Plan:
    """The choices of the form; what it doesn't show stays as it was."""
    hour, _, minute = form.get("time", before.time).partition(":")
    kind = form.get("kind", before.kind)
    return Plan(
        kind,
        count=whole(form.get("count", ""), before.count),
        hour=whole(hour, before.hour),
        minute=whole(form.get("minute", "") if kind == "hours" else minute, before.minute),
        days=tuple(day for day in range(7) if f"day_{day}" in form) or days_for(kind, before),
        day=form.get("day", before.day),
        text=form.get("text", "") or text_for(before),
    )


def days_for(kind: str, before: Plan) -> tuple[int, ...]:
    """Chosen days begin with Monday when another choice is left; none left is an error."""
    return (1,) if kind == "days" and before.kind != "days" else ()


def text_for(before: Plan) -> str:
    """The cron text that stands for the choices so far."""
    try:
        return str(before.to_json().get("cron", "")) or "0 9 * * 1-5"
    except RecurrenceError:
        return "0 9 * * 1-5"


def whole(text: str, otherwise: int) -> int:
    """A number that was typed."""
    return int(text) if text.strip().isdecimal() and len(text) < 6 else otherwise


def read_input(text: str) -> dict[str, Any] | None:
    """The group of values that was typed, if any; raises BadInput."""
    if not text.strip():
        return None
    try:
        value = json_gate.parse_text(text)
    except JsonRefused as refusal:
        raise BadInput(f"what it is given is not JSON: {refusal}") from refusal
    if not isinstance(value, dict):
        raise BadInput('what it is given must be a group, such as {"email": "ops@example.com"}')
    return value


def schedules_of(workflow: Workflow) -> list[Any]:
    return list(workflow.definition.triggers.get("schedules") or ())
