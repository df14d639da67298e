"""A step's form: whatever is changed in it is saved at once, field by field."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Response, redirect, render_template, request, url_for

from blueprints import hypermedia
from blueprints.access import current_person, visible_workflow
from blueprints.editor import bp, form_values
from blueprints.editor.drawing import Drawing
from blueprints.editor.json_text import NotJson
from blueprints.editor.operations import conflict_words, revision_of
from blueprints.editor.panel import StepPanel
from blueprints.editor.partials import Answer, Before
from blueprints.editor.workbench import Workbench
from core.engine.definition import Step
from core.engine.errors import DefinitionError
from core.engine.reading import BadFile
from core.runtime import workflows
from core.steps import step_types
from core.storage.workflow import Workflow

OPTIONS = ("label", "note", "disabled", "only_when", "retry", "timeout", "on_error", "after_crash")
CHECKED = ("only_when", "retry", "timeout", "after_crash")  # what stands below them
REDRAWN_ACTIONS = ("add-row", "add-group", "remove-row", "as-text", "as-rows", "redraw")


@dataclass
class Changes:
    """What a form changes: the step's own fields, its paths', and what could not be read."""

    step: dict[str, Any] = field(default_factory=dict)
    branches: dict[str, dict[str, Any]] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)

    def operations(self, step_id: str) -> list[dict[str, Any]]:
        """As operations of the draft."""
        found: list[dict[str, Any]] = []
        if self.step:
            found.append({"op": "change_step", "id": step_id, "changes": self.step})
        for key, changes in self.branches.items():
            operation = {"op": "change_branch", "id": step_id, "key": key, "changes": changes}
            found.append(operation)
        return found


@bp.post("/workflows/<int:workflow_id>/steps/<step_id>")
def change_step(workflow_id: int, step_id: str) -> Response:
    """Save the fields that were changed."""
    workflow = visible_workflow(workflow_id)
    form = request.form
    bench = Workbench(workflow, step_id)
    if not bench.selected:
        return gone(workflow)
    step = bench.definition.find(step_id)
    tree = edited_tree(form)
    changes = changes_of(step, tree, fields_of(form, step))
    before, revision = Before.of(bench), workflow.revision
    try:
        workflow = save(workflow, step_id, changes)
    except workflows.RevisionConflict:
        return conflict(workflow_id, step_id)
    except DefinitionError as error:
        return hypermedia.refuse(f"Not saved: {error}.", 422)
    if not request.htmx:
        return redirect(url_for("editor.show", workflow_id=workflow.id, step=step_id), 303)
    return answer_saved(workflow, step_id, changes, before, revision_of(form) != revision)


def save(workflow: Workflow, step_id: str, changes: Changes) -> Workflow:
    """Apply what the form changes; a field that no definition may hold stays as it was."""
    waiting = changes.operations(step_id)
    given, by = revision_of(request.form), current_person().name
    while waiting:
        operation = waiting.pop(0)
        try:
            workflow = workflows.edit_draft(workflow, given, operation, by=by)
        except BadFile as bad:
            if len(operation["changes"]) > 1:
                waiting = one_by_one(operation) + waiting
            else:
                changes.unreadable[blamed(operation)] = f"Not saved: {bad.problems[0][1]}"
        given = workflow.revision
    return workflow


def one_by_one(operation: dict[str, Any]) -> list[dict[str, Any]]:
    """One operation for each field: one that is bad keeps no other from being saved."""
    changes = operation["changes"].items()
    return [{**operation, "changes": {name: value}} for name, value in changes]


def blamed(operation: dict[str, Any]) -> str:
    """The part of the form that an operation of one field comes from."""
    if "key" in operation:
        return f"branches.{operation['key']}"
    return str(next(iter(operation["changes"])))


def answer_saved(
    workflow: Workflow, step_id: str, changes: Changes, before: Before, is_behind: bool
) -> Response:
    """What looks different now: cards, problems beside fields, and parts that must be redrawn."""
    form = request.form
    bench = Workbench(workflow, step_id, tab=form.get("tab", ""))
    answer = Answer(bench)
    if is_behind:
        answer.whole_flow()
    elif any("label" in changed for changed in changes.branches.values()):
        answer.redraw(step_id)
        answer.differences(before, but={step_id})
    else:
        answer.differences(before)
    action, target = form.get("action", ""), form.get("target", "")
    panel = StepPanel(bench, bench.definition.find(step_id), bench.tab, drawing_of(action, target))
    draw_panel(answer, panel, changes, action, target)
    if changes.unreadable:
        answer.draw("#saved", "editor/_not_saved.html", reason="see the field")
    return answer.response(redrawn=target if action else "", action=action)


def draw_panel(
    answer: Answer, panel: StepPanel, changes: Changes, action: str, target: str
) -> None:
    """Problems beside fields, sentences read back, and the part an action changes."""
    part = part_of(target) if action in REDRAWN_ACTIONS else ""
    if part.startswith("inputs."):
        view = next(view for view in panel.fields if view.name == part)
        answer.draw(f"#part-{part.replace('.', '-')}", "editor/_field.html", view=view, panel=panel)
    elif part:
        target_id, template = PARTS[part.partition(".")[0]]
        answer.draw(target_id, template, panel=panel)
    for view in panel.fields:
        if view.name != part:
            problem = changes.unreadable.get(view.name)
            answer.draw(
                f"#below-{view.name.replace('.', '-')}",
                "editor/_below.html",
                view=with_problem(view, problem),
            )
    answer.draw("#below-step", "editor/_below_step.html", panel=panel)
    for name in (*CHECKED, *(f"branches.{branch.key}" for branch in panel.branches)):
        if name != part and (name != "retry" or panel.may_retry):
            option = panel.option(name, changes.unreadable.get(name, ""))
            answer.draw(f"#below-{name.replace('.', '-')}", "editor/_below_option.html", **option)
    draw_readbacks(answer, panel, part)


def draw_readbacks(answer: Answer, panel: StepPanel, part: str) -> None:
    """The sentences under conditions that were not redrawn anyway."""
    would = panel.would
    told = [("only_when", panel.only_when, "Only when", would.get("only_when", ""))]
    told += [
        ("branches", branch.condition, f"{branch.label} when", would.get(branch.key, ""))
        for branch in panel.branches
    ]
    told += [(view.name, view.condition, view.label, "") for view in panel.fields if view.condition]
    for name, view, lead, words in told:
        if view.mode == "rows" and not part.startswith(name):
            answer.draw(
                f"#readback-{view.name.replace('.', '-')}",
                "editor/_readback.html",
                view=view,
                lead=lead,
                would=words,
            )


def with_problem(view: Any, problem: str | None) -> Any:
    """The field with what could not be read in it."""
    if problem is None:
        return view
    return {"name": view.name, "problem": problem, "is_warning": False, "help": view.help}


def part_of(target: str) -> str:
    """The part of the form that holds a target."""
    pieces = target.split(".")
    return ".".join(pieces[:2]) if pieces[0] in ("inputs", "branches") else pieces[0]


PARTS = {
    "only_when": ("#part-only_when", "editor/_only_when.html"),
    "branches": ("#branches", "editor/_branches.html"),
    "retry": ("#panel-fails", "editor/_if_it_fails.html"),
}


def drawing_of(action: str, target: str) -> Drawing:
    """How the part is drawn after an action."""
    modes = {"as-text": "text", "as-rows": "rows"}
    if action in modes:
        return Drawing(modes={target: modes[action]})
    return Drawing(blank=target if action == "add-row" else "")


def edited_tree(form: Mapping[str, str]) -> dict[str, Any]:
    """The form as a tree, with a row taken away or a group added if that was asked for."""
    tree = form_values.tree_of(last_values(form))
    action, target = form.get("action", ""), form.get("target", "")
    if action == "remove-row":
        rows = (form_values.at(tree, target) or {}).get("rows") or {}
        rows.pop(form.get("row", ""), None)
    elif action == "add-group":
        rows = form_values.at(tree, target).setdefault("rows", {})
        rows[str(len(rows) + 1000)] = {"joint": "any", "rows": {}}
    return tree


def last_values(form: Any) -> dict[str, str]:
    """The last value of each name: a switch that is on follows its hidden “off”."""
    return {name: form.getlist(name)[-1] for name in form}


def fields_of(form: Mapping[str, str], step: Step) -> list[str]:
    """The names of the fields to read; without a script all of them."""
    if "fields" in form:
        names = set(form["fields"].split())
        if form.get("target"):
            names.add(part_of(form["target"]))
        return sorted(names)
    step_type = step_types().get(step.type)
    inputs = [f"inputs.{declared.key}" for declared in step_type.fields] if step_type else []
    return [*OPTIONS, *inputs, *(f"branches.{branch.key}" for branch in step.branches)]


def changes_of(step: Step, tree: Mapping[str, Any], names: list[str]) -> Changes:
    """What the named fields change."""
    changes = Changes()
    for name in names:
        room, _, key = name.partition(".")
        if room == "inputs":
            read_input(step, key, tree, changes)
        elif room == "branches":
            read_branch(step, key, tree, changes)
        elif room in OPTIONS and room in tree:
            value = OPTION_READERS.get(room, form_values.read_text)(tree[room])
            if value != default_free(getattr(step, room)):
                changes.step[room] = value
    return changes


def read_input(step: Step, key: str, tree: Mapping[str, Any], changes: Changes) -> None:
    step_type = step_types().get(step.type)
    declared = next((f for f in step_type.fields if f.key == key), None) if step_type else None
    given = form_values.at(tree, f"inputs.{key}")
    if declared is None or given is None:
        return
    try:
        value = form_values.read_field(declared, given)
    except NotJson as error:
        changes.unreadable[f"inputs.{key}"] = f"Not saved, this isn’t finished JSON: {error}"
        return
    if value != step.inputs.get(key):
        changes.step[f"inputs.{key}"] = value


def read_branch(step: Step, key: str, tree: Mapping[str, Any], changes: Changes) -> None:
    given = form_values.at(tree, f"branches.{key}")
    if not isinstance(given, Mapping) or key not in {branch.key for branch in step.branches}:
        return
    branch, found = step.branch(key), {}
    label = form_values.read_text(given.get("label"))
    if label != (branch.label or None):
        found["label"] = label
    if "only_when" in given:
        condition = form_values.read_condition(given["only_when"])
        if condition != branch.only_when:
            found["only_when"] = condition
    if found:
        changes.branches[key] = found


def read_retry(given: Any) -> Any:
    """A step's own way of trying again; None for the usual one."""
    if not isinstance(given, Mapping) or given.get("mode") != "own":
        return None
    retry = {
        "attempts": form_values.read_number(given.get("attempts", "3")),
        "wait": form_values.read_text(given.get("wait")),
        "backoff": form_values.read_number(given.get("backoff")),
        "max_wait": form_values.read_text(given.get("max_wait")),
    }
    return {key: value for key, value in retry.items() if value is not None}


def default_free(value: Any) -> Any:
    """An option's value as the form says it: its default is None."""
    return None if value in ("", False, "stop") else value


OPTION_READERS = {
    "only_when": form_values.read_condition,
    "retry": read_retry,
    "disabled": lambda given: True if given == "true" else None,
    "on_error": lambda given: "continue" if given == "continue" else None,
    "after_crash": lambda given: given or None,
}


def conflict(workflow_id: int, step_id: str) -> Response:
    """Somebody changed the same field: keep the form, show what is there now."""
    workflow = visible_workflow(workflow_id)
    bench = Workbench(workflow, step_id)
    answer = Answer(bench)
    answer.whole_flow()
    html = render_template("editor/_conflict.html", bench=bench, words=conflict_words(workflow))
    answer.put("#conflict", html, "innerHTML")
    return answer.response(status=409, conflict=True)


def gone(workflow: Workflow) -> Response:
    """The step is no longer there."""
    answer = Answer(Workbench(workflow))
    answer.whole_flow()
    answer.panel()
    answer.toast("This step is no longer there.", failed=True)
    return answer.response(status=409)
