"""New workflows: from a starting point, or as a copy of another."""

from flask import abort, request, url_for
from werkzeug.wrappers import Response

from blueprints.access import current_person, current_workspace, visible_workflow
from blueprints.hypermedia import go_to, render, render_change
from blueprints.workflows import bp
from blueprints.workflows.views import DIALOG, LIST, shown
from core.runtime import starting_points, workflows

NEW = "workflows/_new.html"
LONGEST_LABEL = 100


@bp.get("/new")
def new() -> Response:
    return render(DIALOG, NEW, partial=NEW, **form_of_new())


@bp.post("")
def create() -> Response:
    label, start = request.form.get("label", ""), request.form.get("start", "")
    if len(label) > LONGEST_LABEL:
        problems = {"label": f"At most {LONGEST_LABEL} characters."}
        return render(DIALOG, NEW, status=422, partial=NEW, **form_of_new(problems))
    try:
        workflow = starting_points.begin(
            current_workspace().id, start, label, by=current_person().name
        )
    except KeyError:
        abort(400, "Choose how the workflow starts.")
    return go_to(url_for("editor.show", workflow_id=workflow.id))


@bp.post("/<int:workflow_id>/copies")
def duplicate(workflow_id: int) -> Response:
    copy = workflows.duplicate(visible_workflow(workflow_id), by=current_person().name)
    return render_change(
        LIST,
        otherwise=url_for("workflows.index"),
        toast=f"{copy.label} is a draft: nothing of it is live",
        **shown(),
    )


def form_of_new(problems: dict[str, str] | None = None) -> dict[str, object]:
    return {
        "points": starting_points.offered(),
        "typed": request.form,
        "problems": problems or {},
    }
