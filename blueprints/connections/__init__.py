"""Connections: passwords and keys, given once and never shown again."""

from flask import Blueprint

from blueprints.navigation import Entry

bp = Blueprint("connections", __name__, url_prefix="/connections")

RAIL = Entry("Connections", icon="plug", endpoint="connections.index", order=50)
TAB = Entry("All", icon="plug", endpoint="connections.index", order=10)

from blueprints.connections import deletion, trial, views  # noqa: E402, F401
