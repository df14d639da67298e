"""Runs: the list of them, and the story each one tells."""

from flask import Blueprint

from blueprints.navigation import Entry

bp = Blueprint("runs", __name__)

RAIL = Entry("Runs", icon="history", endpoint="runs.index", order=30)

from blueprints.runs import cancellation, decision, rerun, retrying, values, views  # noqa: E402, F401
