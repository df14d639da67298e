"""The list of workflows, and what can be done to one of them as a whole."""

from flask import Blueprint

from blueprints.navigation import Entry

bp = Blueprint("workflows", __name__, url_prefix="/workflows")

RAIL = Entry("Workflows", icon="workflow", endpoint="workflows.index", order=20)

from blueprints.workflows import (  # noqa: E402, F401
    copies,
    deletion,
    enabling,
    files,
    manual_run,
    naming,
    views,
)
