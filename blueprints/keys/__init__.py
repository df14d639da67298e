"""Keys with which other programs call: made, shown once, revoked."""

from flask import Blueprint

from blueprints.navigation import Entry

bp = Blueprint("keys", __name__, url_prefix="/settings/keys")

SETTINGS = (Entry("Keys", icon="key-round", endpoint="keys.index", order=20),)

from blueprints.keys import revocation, views  # noqa: E402, F401
