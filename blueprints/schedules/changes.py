"""What can be done with one schedule: run it now, leave its next time out, or move it."""

from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Response, request, url_for

from blueprints.access import current_person, current_workspace, found
from blueprints.hypermedia import go_to, render
from blueprints.schedules import bp, listing
from blueprints.schedules.views import visible
from core.engine import calendar
from core.engine.calendar import CalendarError
from core.runtime import schedule_list, schedules
from core.runtime.schedules import BadMove

FORM = "%Y-%m-%dT%H:%M"


@bp.post("/<int:schedule_id>/runs")
def run_now(schedule_id: int) -> Response:
    run = schedules.run_now(visible(schedule_id), by=current_person().name)
    return go_to(url_for("runs.show", run_id=run.id), toast="Started.")


@bp.post("/<int:schedule_id>/left-out")
def leave_out(schedule_id: int) -> Response:
    schedules.leave_out_next(visible(schedule_id))
    here = url_for("schedules.index", schedule=schedule_id)
    return go_to(here, toast="The next time is left out.")


@bp.get("/<int:schedule_id>/next/edit")
def edit_time(schedule_id: int) -> Response:
    row = row_of(schedule_id)
    at = row.planned.schedule.next_at
    typed = in_form(at) if at else ""
    return render("schedules/move.html", "schedules/_move.html", row=row, typed=typed, problem="")


@bp.post("/<int:schedule_id>/next")
def move(schedule_id: int) -> Response:
    schedule, typed = visible(schedule_id), request.form.get("at", "")
    try:
        schedules.move_next(schedule, read_time(typed))
    except (BadMove, CalendarError) as error:
        return render(
            "schedules/move.html",
            "schedules/_move.html",
            status=422,
            row=row_of(schedule_id),
            typed=typed,
            problem=str(error),
        )
    here = url_for("schedules.index", schedule=schedule_id)
    return go_to(here, toast="The next time is moved; those after it stay.")


def row_of(schedule_id: int) -> listing.Row:
    workspace = current_workspace()
    return listing.Row(found(schedule_list.find(workspace, schedule_id)), workspace)


def in_form(at: datetime) -> str:
    """A moment as a form's field has it, in the workspace's zone."""
    return at.astimezone(ZoneInfo(current_workspace().timezone)).strftime(FORM)


def read_time(typed: str) -> datetime:
    """What was typed, in the workspace's zone; raises CalendarError."""
    if not typed.strip():
        raise CalendarError("Give a date and a time.")
    return calendar.read(typed, calendar.find_zone(current_workspace().timezone))
