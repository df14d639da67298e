"""Changes of the draft's tree: every gesture on the canvas is one operation, posted here."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from flask import Response, abort, redirect, request, url_for

from blueprints import hypermedia
from blueprints.access import current_person, visible_workflow
from blueprints.editor import bp, canvas
from blueprints.editor.partials import Answer, Before
from blueprints.editor.workbench import Workbench
from core.engine import editing
from core.engine.definition import Branch, Definition, Step
from core.engine.errors import DefinitionError
from core.runtime import workflows
from core.steps import step_types
from core.storage.workflow import Workflow

LONGEST_PASTE = 500_000  # characters
Values = Mapping[str, str]
Operation = dict[str, Any]


@bp.post("/workflows/<int:workflow_id>/operations")
def operate(workflow_id: int) -> Response:
    """Change the draft and answer with what looks different now."""
    workflow = visible_workflow(workflow_id)
    form = request.form
    try:
        if form["op"] in ("undo", "redo"):
            return walk_history(workflow, form)
        return change(workflow, form)
    except workflows.RevisionConflict:
        return conflict(workflow, form)
    except DefinitionError as error:
        return hypermedia.refuse(f"{error}".capitalize() + ".", 422)


def change(workflow: Workflow, form: Values) -> Response:
    bench = Workbench(workflow, form.get("selected", ""))
    before, revision = Before.of(bench), workflow.revision
    make = OPERATIONS.get(form["op"])
    if make is None:
        abort(400, "This is not a change that openBuild knows.")
    operation = make(bench.definition, form)
    given = revision_of(form)
    workflow = workflows.edit_draft(workflow, given, operation, by=current_person().name)
    if not request.htmx:
        return redirect(url_for("editor.show", workflow_id=workflow.id), 303)
    focus = focus_after(bench, operation, workflow.definition)
    after = Workbench(workflow, selected_after(form, operation, focus))
    answer = Answer(after)
    draw(answer, before, operation, is_behind=given != revision)
    if operation["op"] == "remove_step":
        answer.toast(f"Removed “{bench.names[operation['id']]}”", undo=True)
    answer.panel()
    return answer.response(focus=focus)


def walk_history(workflow: Workflow, form: Values) -> Response:
    """Undo or redo, which may change anything."""
    name = current_person().name
    if form["op"] == "undo" and workflows.can_undo(workflow):
        workflow = workflows.undo(workflow, by=name)
    elif form["op"] == "redo" and workflows.can_redo(workflow):
        workflow = workflows.redo(workflow, by=name)
    if not request.htmx:
        return redirect(url_for("editor.show", workflow_id=workflow.id), 303)
    bench = Workbench(workflow, form.get("selected", ""), tab=form.get("tab", ""))
    answer = Answer(bench)
    answer.whole_flow()
    answer.panel()
    return answer.response(focus=bench.selected)


def conflict(workflow: Workflow, form: Values) -> Response:
    """Somebody else was faster and this can no longer be done: show how it is now."""
    bench = Workbench(visible_workflow(workflow.id), form.get("selected", ""))
    answer = Answer(bench)
    answer.whole_flow()
    answer.toast(conflict_words(bench.workflow), failed=True)
    return answer.response(status=409)


def conflict_words(workflow: Workflow) -> str:
    """Who was faster."""
    who = workflow.updated_by or "Somebody"
    return f"{who} changed this workflow meanwhile. This is how it is now; please do it again."


def draw(answer: Answer, before: Before, operation: Operation, *, is_behind: bool) -> None:
    """The smallest pieces that show the operation; the whole flow where that isn't enough."""
    match operation["op"]:
        case _ if is_behind or before.is_empty != answer.bench.is_empty:
            answer.whole_flow()
        case "insert_step" | "duplicate_step":
            new = [n.id for n in canvas.walk(answer.bench.nodes) if n.id not in before.nodes]
            answer.insert(new[0])
            answer.differences(before, but=new)
        case "remove_step":
            answer.remove(operation["id"])
            answer.differences(before)
        case "move_step":
            moved = before.nodes[operation["id"]]
            answer.remove(operation["id"])
            answer.insert(operation["id"])
            answer.differences(before, but={n.id for n in canvas.walk((moved,))})
        case "change_step":
            answer.differences(before)
        case _:
            block = operation["id"]
            answer.redraw(block)
            inside = next(n for n in canvas.walk(answer.bench.nodes) if n.id == block)
            answer.differences(before, but={n.id for n in canvas.walk((inside,))})


def revision_of(form: Values) -> int:
    """The draft's revision that the browser knows."""
    return int(form["revision"]) if form.get("revision", "").isdecimal() else 0


def selected_after(form: Values, operation: Operation, focus: str) -> str:
    """What the panel shows after the operation."""
    if operation["op"] in ("insert_step", "duplicate_step"):
        return focus
    selected = form.get("selected", "")
    return "" if operation["op"] == "remove_step" and selected == operation["id"] else selected


def focus_after(bench: Workbench, operation: Operation, definition: Definition) -> str:
    """The card that gets the focus: the new one, or the neighbour of the one that left."""
    match operation["op"]:
        case "insert_step" | "duplicate_step":
            known = bench.definition.step_ids()
            return next((s.id for s in definition.walk() if s.id not in known), "")
        case "remove_step":
            return neighbour(bench, operation["id"])
    return str(operation.get("id", ""))


def neighbour(bench: Workbench, step_id: str) -> str:
    """The card after a step, or before it."""
    nodes = list(canvas.walk(bench.nodes))
    gone = next(node for node in nodes if node.id == step_id)
    siblings = [node.id for node in nodes if node.owner == gone.owner]
    position = siblings.index(step_id)
    if position + 1 < len(siblings):
        return siblings[position + 1]
    if position:
        return siblings[position - 1]
    return "start" if gone.owner == canvas.ROOT else gone.owner.partition(".")[0]


def insert(definition: Definition, form: Values) -> Operation:
    """A new step of a type, at a place."""
    step_type = step_types().get(form["type"])
    if step_type is None:
        raise DefinitionError(f"unknown step type {form['type']}")
    step = editing.new_step(step_type, definition.step_ids())
    return {"op": "insert_step", "at": form["at"], "step": step.to_json()}


def paste(definition: Definition, form: Values) -> Operation:
    """A copied step with all inside it, under free ids."""
    try:
        step = Step.from_json(json.loads(form["step"][:LONGEST_PASTE]))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise DefinitionError("what was copied is not a step") from None
    copy = editing.copy_of(step, definition.step_ids())
    return {"op": "insert_step", "at": form["at"], "step": copy.to_json()}


def copy(definition: Definition, form: Values) -> Operation:
    """A copy of a step, at another place."""
    twin = editing.copy_of(definition.find(form["id"]), definition.step_ids())
    return {"op": "insert_step", "at": form["at"], "step": twin.to_json()}


def toggle(definition: Definition, form: Values) -> Operation:
    """Switch a step off, or on again."""
    is_off = definition.find(form["id"]).disabled
    changes = {"disabled": None if is_off else True}
    return {"op": "change_step", "id": form["id"], "changes": changes}


def add_branch(definition: Definition, form: Values) -> Operation:
    """A path that was left out, or a new one before “otherwise”."""
    step = definition.find(form["id"])
    fixed = getattr(step_types().get(step.type), "fixed_branches", ())
    for branch in fixed:
        if branch.key == form.get("key"):
            return {"op": "add_branch", "id": step.id, "branch": branch.to_json()}
    number = len(step.branches) + 1
    key = editing.free_id(f"path_{number}", [branch.key for branch in step.branches])
    has_conditions = getattr(step_types().get(step.type), "branches_have_conditions", False)
    new = Branch(key, f"Path {number}", {"all": []} if has_conditions else None)
    operation = {"op": "add_branch", "id": step.id, "branch": new.to_json()}
    conditional = [branch.key for branch in step.branches if branch.only_when is not None]
    if has_conditions and step.branches and step.branches[-1].only_when is None:
        operation["after"] = conditional[-1] if conditional else ""
    return operation


OPERATIONS: Mapping[str, Callable[[Definition, Values], Operation]] = {
    "insert": insert,
    "paste": paste,
    "copy": copy,
    "toggle": toggle,
    "add_branch": add_branch,
    "move": lambda _, form: {"op": "move_step", "id": form["id"], "at": form["at"]},
    "remove": lambda _, form: {"op": "remove_step", "id": form["id"]},
    "duplicate": lambda _, form: {"op": "duplicate_step", "id": form["id"]},
    "remove_branch": lambda _, form: {
        "op": "remove_branch",
        "id": form["id"],
        "key": form["key"],
    },
    "move_branch": lambda _, form: {
        "op": "move_branch",
        "id": form["id"],
        "key": form["key"],
        "after": form.get("after", ""),
    },
}
