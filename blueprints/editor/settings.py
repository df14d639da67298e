"""A workflow's own settings: what it is called, how its runs are named, how long they may take."""

from collections.abc import Mapping
from typing import Any

from flask import Response, request, url_for

from blueprints import hypermedia
from blueprints.access import current_person, visible_workflow
from blueprints.editor import bp
from blueprints.editor.form_values import read_number, read_text
from blueprints.editor.outputs import workflow_choices
from blueprints.editor.workbench import Workbench
from core.engine.errors import DefinitionError
from core.engine.reading import COLORS, BadFile
from core.runtime import workflows
from core.storage.workflow import Workflow

PAGE = "editor/settings.html"
IN_DRAFT = ("run_title", "timeout")
WHEN_FULL = (
    ("queue", "Wait in line"),
    ("skip", "Ignore the new one"),
    ("replace", "Stop the old one"),
)
LONGEST = {"label": 80, "folder": 80, "description": 2000}


@bp.get("/workflows/<int:workflow_id>/settings")
def settings(workflow_id: int) -> Response:
    """The page."""
    return page(visible_workflow(workflow_id))


@bp.post("/workflows/<int:workflow_id>/settings")
def change_settings(workflow_id: int) -> Response:
    """Save what was typed; all of it or nothing."""
    workflow = visible_workflow(workflow_id)
    problems = problems_of(request.form) or save_draft(workflow, request.form)
    if problems:
        return page(workflow, problems, status=422)
    workflows.describe(
        workflow,
        label=request.form.get("label", ""),
        folder=request.form.get("folder", ""),
        color=request.form.get("color", ""),
        description=request.form.get("description", ""),
        by=current_person().name,
    )
    where = url_for("editor.settings", workflow_id=workflow.id)
    return hypermedia.go_to(where, toast="Settings saved")


def problems_of(form: Mapping[str, str]) -> dict[str, str]:
    """What keeps the names from being saved, by field."""
    found = {
        key: f"At most {most} characters."
        for key, most in LONGEST.items()
        if len(form.get(key, "")) > most
    }
    if not form.get("label", "").strip():
        found["label"] = "A workflow needs a name."
    if form.get("color") not in ("", *COLORS):
        found["color"] = "Choose a colour of the list."
    return found


def save_draft(workflow: Workflow, form: Mapping[str, str]) -> dict[str, str]:
    """Change the draft's settings; returns by field what they may not be."""
    now = workflow.definition.settings
    given = {key: read_text(form.get(key)) for key in IN_DRAFT}
    given["concurrency"] = read_limit(form)
    given["max_steps"] = read_number(form.get("max_steps"))
    follower = read_text(form.get("on_failure"))
    given["on_failure"] = None if follower is None else {"workflow": follower}
    changes = {key: value for key, value in given.items() if value != now.get(key)}
    for key, value in changes.items():
        operation = {"op": "change_settings", "changes": {key: value}}
        try:
            workflow = workflows.edit_draft(
                workflow, workflow.revision, operation, by=current_person().name
            )
        except BadFile as bad:
            return by_field(key, bad)
        except DefinitionError as error:
            return {key: str(error)}
    return {}


def read_limit(form: Mapping[str, str]) -> dict[str, Any] | None:
    """How many runs may go at a time, as the file says it; nothing typed is no limit."""
    limit, per = read_number(form.get("limit")), read_text(form.get("per"))
    if limit is None and per is None:
        return None
    given: dict[str, Any] = {} if limit is None else {"limit": limit}
    if per is not None:
        given["per"] = per
    when_full = form.get("when_full") or WHEN_FULL[0][0]
    return given if when_full == WHEN_FULL[0][0] else {**given, "when_full": when_full}


def by_field(key: str, bad: BadFile) -> dict[str, str]:
    """What is wrong, beside the field of the form that says it."""
    if key != "concurrency":
        return {key: bad.problems[0][1]}
    found = {place.rpartition(".")[2]: message for place, message in bad.problems}
    return {name if name in ("per", "when_full") else "limit": found[name] for name in found}


def followers(workflow: Workflow, chosen: str) -> list[tuple[str, str]]:
    """The workflows that may run after a failure; one that isn't there stays to be seen."""
    others = dict(workflow_choices(workflow))
    if chosen != workflow.name:
        others.pop(workflow.name, None)
    missing = {} if chosen in ("", *others) else {chosen: f"{chosen} (not there)"}
    return [("", "Nothing"), *others.items(), *missing.items()]


def page(
    workflow: Workflow, problems: Mapping[str, str] | None = None, *, status: int = 200
) -> Response:
    now = workflow.definition.settings
    shown: dict[str, Any] = {
        "label": workflow.label,
        "folder": workflow.folder,
        "color": workflow.color,
        "description": workflow.description,
        **{key: now.get(key, "") for key in (*IN_DRAFT, "max_steps")},
        "on_failure": now.get("on_failure", {}).get("workflow", ""),
        "limit": "",
        "per": "",
        "when_full": "queue",
        **now.get("concurrency", {}),
        **request.form.to_dict(),
    }
    return hypermedia.render(
        PAGE,
        status=status,
        workflow=workflow,
        bench=Workbench(workflow),
        when_full=WHEN_FULL,
        colors=[("", "None"), *((color, color.capitalize()) for color in COLORS)],
        followers=followers(workflow, shown["on_failure"]),
        shown=shown,
        problems=problems or {},
        folders=sorted({w.folder for w in Workflow.of_workspace(workflow.workspace_id)} - {""}),
    )
