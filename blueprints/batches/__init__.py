"""Batches: many runs of one workflow, watched, paused and run again where they failed."""

from flask import Blueprint

bp = Blueprint("batches", __name__, url_prefix="/batches")

PART_OF = "schedules"

from blueprints.batches import changes, views  # noqa: E402, F401
