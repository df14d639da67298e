"""Runs: the list of them, and the story each one tells."""

from flask import Blueprint

from blueprints.navigation import Entry

bp = Blueprint("runs", __name__)

RAIL = Entry("Runs", icon="history", endpoint="runs.index", order=30)

from blueprints.runs import (  # noqa: E402
    approval,  # noqa: F401
    cancellation,  # noqa: F401
    decision,  # noqa: F401
    rerun,  # noqa: F401
    retrying,  # noqa: F401
    values,  # noqa: F401
    views,  # noqa: F401
)
