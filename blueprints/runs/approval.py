"""Answer what a run asks people, on its page."""

from flask import Response, request, url_for

from blueprints import answers
from blueprints.access import current_person, visible_run
from blueprints.hypermedia import go_to
from blueprints.runs import bp
from blueprints.runs.views import refused
from core.runtime import approvals
from core.runtime.callbacks import Place


@bp.post("/runs/<run_id>/answers")
def answer(run_id: str) -> Response:
    run = visible_run(run_id)
    here = url_for("runs.show", run_id=run.id)
    question = approvals.find(Place(run.id, request.form.get("_step", "")))
    if question is None or question.state != approvals.OPEN:
        return go_to(here, toast="Nothing was changed: nobody asks this any more.", failed=True)
    typed, outcome = answers.take(question, current_person().email)
    if typed.problems:
        return refused(run, question.place.path, typed=typed)
    return go_to(here, toast=outcome, failed=outcome == answers.TOO_LATE)
