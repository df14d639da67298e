"""Pausing one schedule or all of them, and letting them go on; the banner that says so."""

from flask import Response, url_for

from blueprints.access import current_person, current_workspace
from blueprints.hypermedia import go_to
from blueprints.schedules import bp
from blueprints.schedules.views import visible
from core.runtime import schedules


@bp.post("/<int:schedule_id>/pause")
def pause(schedule_id: int) -> Response:
    schedules.pause(visible(schedule_id), by=current_person().name)
    said = "Paused: it starts nothing until it goes on."
    return go_to(url_for("schedules.index", schedule=schedule_id), toast=said)


@bp.post("/<int:schedule_id>/resumption")
def resume(schedule_id: int) -> Response:
    schedules.resume(visible(schedule_id))
    return go_to(url_for("schedules.index", schedule=schedule_id), toast="It goes on.")


@bp.post("/pause")
def pause_all() -> Response:
    schedules.pause_all(current_workspace(), by=current_person().name)
    return go_to(url_for("schedules.index"), toast="All schedules are paused.")


@bp.post("/resumption")
def resume_all() -> Response:
    schedules.resume_all(current_workspace())
    return go_to(url_for("schedules.index"), toast="The schedules go on.")
