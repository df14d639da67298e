"""Bulk actions: many runs cancelled, run again or retried, watched to the end."""

from flask import Blueprint

bp = Blueprint("bulk", __name__, url_prefix="/bulk")

PART_OF = "runs"

from blueprints.bulk import changes, views  # noqa: E402, F401
