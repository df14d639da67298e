"""The room for programs that call: endpoints, their drafts' twins, and how their runs stand."""

from flask import Blueprint

DOOR = "calls"
bp = Blueprint("endpoints", __name__)

from blueprints.endpoints import callbacks, errors, mail_events, views  # noqa: E402, F401
