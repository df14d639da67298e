"""The room for machines that watch: is it alive, is it ready."""

from flask import Blueprint

DOOR = "both"
bp = Blueprint("health", __name__, url_prefix="/health")

from blueprints.health import views  # noqa: E402, F401
