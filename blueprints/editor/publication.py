"""Publishing: what stands in the way, what changes for the live version, and a note."""

from dataclasses import dataclass
from typing import Any

from flask import Response, request, url_for

from blueprints import hypermedia
from blueprints.access import current_person, visible_workflow
from blueprints.editor import bp, canvas, wording
from blueprints.editor.workbench import Workbench
from core.engine.definition import Definition, Step
from core.runtime import workflows
from core.steps import step_types
from core.storage.workflow import Version, Workflow

DIALOG = "editor/_publication.html"
LONGEST_NOTE = 500
OWN = ("label", "note", "disabled", "only_when", "retry", "timeout", "on_error", "after_crash")
OWN_WORDS = {
    "label": "name",
    "note": "notes",
    "disabled": "on or off",
    "only_when": "when it runs",
    "retry": "tries",
    "timeout": "when to give up",
    "on_error": "what happens if it fails",
    "after_crash": "what happens after a crash",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One step that is not as in the live version."""

    how: str  # added | changed | removed | moved
    sign: str
    kind: str
    icon: str
    name: str
    words: str = ""


@bp.get("/workflows/<int:workflow_id>/publication")
def new_publication(workflow_id: int) -> Response:
    """The dialog."""
    return dialog(visible_workflow(workflow_id))


@bp.post("/workflows/<int:workflow_id>/publication")
def publish(workflow_id: int) -> Response:
    """Make the draft live."""
    workflow = visible_workflow(workflow_id)
    note = request.form.get("note", "")[:LONGEST_NOTE]
    try:
        version = workflows.publish(workflow, by=current_person().name, note=note)
    except workflows.HasProblems:
        return dialog(workflow, status=422)
    words = f"Version {version.number} is live"
    return hypermedia.go_to(url_for("editor.show", workflow_id=workflow.id), toast=words)


def dialog(workflow: Workflow, *, status: int = 200) -> Response:
    bench = Workbench(workflow)
    live = workflow.published
    newest = Version.of_workflow(workflow.id)
    found = differences(live.definition, workflow.definition) if live else []
    context = {
        "workflow": workflow,
        "bench": bench,
        "live": live,
        "number": newest[0].number + 1 if newest and newest[0].number else 1,
        "differences": found,
        "unchanged": unchanged_words(workflow.definition, found),
        "is_same": bool(live) and not workflow.is_draft_changed,
        "note": request.form.get("note", ""),
    }
    if hypermedia.wants_partials():
        return hypermedia.render(DIALOG, DIALOG, status=status, **context)
    return hypermedia.render("editor/dialog.html", partial=DIALOG, status=status, **context)


def differences(before: Definition, after: Definition) -> list[Difference]:
    """What is added, changed, moved or removed."""
    old = {step.id: (step, place) for step, place in placed(before)}
    new = {step.id: (step, place) for step, place in placed(after)}
    found = starts_differences(before, after)
    for step_id, (step, place) in new.items():
        if step_id not in old:
            found.append(of_step("added", step, f"in {path_words(after, place)}"))
        elif words := changed_words(old[step_id][0], step):
            found.append(of_step("changed", step, words))
        elif old[step_id][1] != place:
            found.append(of_step("moved", step, f"to {path_words(after, place)}"))
    found += [of_step("removed", step) for key, (step, _) in old.items() if key not in new]
    return found


def starts_differences(before: Definition, after: Definition) -> list[Difference]:
    """Whether the starts or the settings differ."""
    found = []
    old, new = before.triggers.get("endpoint") or {}, after.triggers.get("endpoint") or {}
    keys = sorted(key for key in {*old, *new} if old.get(key) != new.get(key))
    if keys:
        words = ", ".join("what the caller sends" if k == "parameters" else k for k in keys)
        found.append(Difference("changed", "pencil", "start", "webhook", "When called", words))
    others = ("schedules", "things")
    if any(before.triggers.get(key) != after.triggers.get(key) for key in others):
        found.append(Difference("changed", "pencil", "start", "zap", "Starts when"))
    if before.settings != after.settings:
        found.append(Difference("changed", "pencil", "code", "settings", "Settings"))
    return found


def placed(definition: Definition) -> list[tuple[Step, str]]:
    """Every step with the path it stands in."""
    found: list[tuple[Step, str]] = []

    def visit(steps: tuple[Step, ...], owner: str) -> None:
        for step in steps:
            found.append((step, owner))
            for branch in step.branches:
                visit(branch.steps, f"{step.id}.{branch.key}")

    visit(definition.steps, canvas.ROOT)
    return found


def path_words(definition: Definition, owner: str) -> str:
    """What a path is called."""
    if owner == canvas.ROOT:
        return "the main path"
    step_id, _, key = owner.partition(".")
    step = definition.find(step_id)
    return canvas.path_label(step, step.branch(key))


def changed_words(before: Step, after: Step) -> str:
    """Which parts of a step changed, in words; empty if none did."""
    if before.type != after.type:
        return "another kind of step"
    step_type = step_types().get(after.type)
    labels = {field.key: field.label for field in step_type.fields} if step_type else {}
    keys = [key for key in {**before.inputs, **after.inputs}
            if before.inputs.get(key) != after.inputs.get(key)]  # fmt: skip
    words = [labels.get(key, key) for key in keys]
    words += [OWN_WORDS[name] for name in OWN if getattr(before, name) != getattr(after, name)]
    if [shape(branch) for branch in before.branches] != [shape(b) for b in after.branches]:
        words.append("paths")
    return ", ".join(words)


def shape(branch: Any) -> tuple[str, str, Any]:
    """A path without its steps."""
    return branch.key, branch.label, branch.only_when


def of_step(how: str, step: Step, words: str = "") -> Difference:
    step_type = step_types().get(step.type)
    kind, icon = (step_type.category, step_type.icon) if step_type else ("code", "circle-help")
    name = step.label or (step_type.label if step_type else step.type)
    signs = {"added": "plus", "changed": "pencil", "removed": "minus", "moved": "arrow-down"}
    return Difference(how, signs[how], kind, icon, name, words)


def unchanged_words(definition: Definition, found: list[Difference]) -> str:
    """How many steps stay as they are."""
    changed = sum(1 for one in found if one.how != "removed" and one.kind != "start")
    count = max(len(definition.step_ids()) - changed, 0)
    return f"{wording.count(count, 'step')} stay{'s' if count == 1 else ''} as they are."
