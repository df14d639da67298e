"""Waiting runs: cancel one or many, move the moment when one goes on."""

from flask import Response, request, url_for

from blueprints import schedule_times
from blueprints.access import current_person, current_workspace, visible_run
from blueprints.formats import plural
from blueprints.hypermedia import go_to, render
from blueprints.schedules import bp
from blueprints.schedules.changes import in_form, read_time
from core.engine.calendar import CalendarError
from core.engine.errors import StateConflict
from core.runtime import schedule_list, schedules


@bp.post("/waiting/cancellation")
def cancel_runs() -> Response:
    chosen, by = request.form.getlist("run"), current_person().name
    count = schedule_list.cancel(current_workspace().id, chosen, by=by)
    said = f"{plural(count, 'run')} cancelled." if count else "No run was chosen."
    return go_to(url_for("schedules.waiting"), toast=said, failed=not count)


@bp.get("/waiting/<run_id>/edit")
def edit_wait(run_id: str) -> Response:
    run = visible_run(run_id)
    typed = in_form(run.wake_at) if run.wake_at else ""
    return render_wait(run_id, typed)


@bp.post("/waiting/<run_id>")
def move_wait(run_id: str) -> Response:
    run, typed = visible_run(run_id), request.form.get("at", "")
    try:
        at = read_time(typed)
        if at <= schedules.now():
            raise CalendarError("This time has passed; choose a later one.")
        schedule_list.move(run, at)
    except CalendarError as error:
        return render_wait(run_id, typed, str(error))
    except StateConflict as conflict:
        said = f"Not moved: {conflict}."
        return go_to(url_for("schedules.waiting"), toast=said, failed=True)
    return go_to(url_for("schedules.waiting"), toast="Moved.")


def render_wait(run_id: str, typed: str, problem: str = "") -> Response:
    run, zone = visible_run(run_id), current_workspace().timezone
    return render(
        "schedules/move_wait.html",
        "schedules/_move_wait.html",
        status=422 if problem else 200,
        run=run,
        due=schedule_times.when(run.wake_at, zone, schedules.now()) if run.wake_at else "",
        typed=typed,
        problem=problem,
    )
