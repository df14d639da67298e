"""Schedules: all that is planned, and all that waits."""

from flask import Blueprint

from blueprints.navigation import Entry

bp = Blueprint("schedules", __name__, url_prefix="/schedules")

RAIL = Entry("Schedules", icon="calendar-clock", endpoint="schedules.index", order=40)

from blueprints.schedules import additions, changes, pausing, views, waits  # noqa: E402, F401
