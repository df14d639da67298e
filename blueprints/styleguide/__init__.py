"""Every component in every state, for people who build pages and for tests that look at them."""

from flask import Blueprint

bp = Blueprint("styleguide", __name__)

from blueprints.styleguide import views  # noqa: E402, F401
