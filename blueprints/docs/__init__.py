"""The documentation, read from the files in `docs/`."""

from flask import Blueprint

from blueprints.navigation import Entry

bp = Blueprint("docs", __name__, url_prefix="/docs")

RAIL = Entry("Docs", icon="book-open", endpoint="docs.index", order=85)

from blueprints.docs import views  # noqa: E402, F401
