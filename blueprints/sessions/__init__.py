"""Signing in and out, and creating the first owner."""

from flask import Blueprint

bp = Blueprint("sessions", __name__)

from blueprints.sessions import code, owner, views  # noqa: E402, F401
