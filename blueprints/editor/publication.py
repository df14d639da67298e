"""Publishing: what stands in the way, what changes for the live version, and a note."""

from flask import Response, request, url_for

from blueprints import hypermedia
from blueprints.access import current_person, visible_workflow
from blueprints.editor import bp, comparison
from blueprints.editor.workbench import Workbench
from core.runtime import workflows
from core.storage.workflow import Version, Workflow

DIALOG = "editor/_publication.html"
LONGEST_NOTE = 500
REASON = "reason."


@bp.get("/workflows/<int:workflow_id>/publication")
def new_publication(workflow_id: int) -> Response:
    """The dialog."""
    return dialog(visible_workflow(workflow_id))


@bp.post("/workflows/<int:workflow_id>/publication")
def publish(workflow_id: int) -> Response:
    """Make the draft live."""
    workflow = visible_workflow(workflow_id)
    note = request.form.get("note", "")[:LONGEST_NOTE]
    reasons = {
        name.removeprefix(REASON): reason
        for name, reason in request.form.items()
        if name.startswith(REASON)
    }
    who = current_person().name
    try:
        version = workflows.publish(workflow, by=who, note=note, reasons=reasons)
    except workflows.HasProblems:
        return dialog(workflow, status=422)
    words = f"Version {version.number} is live"
    return hypermedia.go_to(url_for("editor.show", workflow_id=workflow.id), toast=words)


def dialog(workflow: Workflow, *, status: int = 200) -> Response:
    bench = Workbench(workflow)
    live = workflow.published
    newest = Version.of_workflow(workflow.id)
    found = comparison.differences(live.definition, workflow.definition) if live else []
    context = {
        "workflow": workflow,
        "bench": bench,
        "live": live,
        "number": newest[0].number + 1 if newest and newest[0].number else 1,
        "differences": found,
        "unchanged": comparison.unchanged_words(workflow.definition, found),
        "is_asked": status != 200,
        "is_same": bool(live) and not workflow.is_draft_changed,
        "note": request.form.get("note", ""),
    }
    if hypermedia.wants_partials():
        return hypermedia.render(DIALOG, DIALOG, status=status, **context)
    return hypermedia.render("editor/dialog.html", partial=DIALOG, status=status, **context)
