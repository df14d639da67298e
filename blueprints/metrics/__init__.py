"""The room for Prometheus."""

from flask import Blueprint

DOOR = "both"
bp = Blueprint("metrics", __name__)

from blueprints.metrics import views  # noqa: E402, F401
