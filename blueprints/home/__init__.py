"""The dashboard, and before there is anything to show on it, the first screen."""

from flask import Blueprint

from blueprints.navigation import Entry

bp = Blueprint("home", __name__)

RAIL = Entry("Dashboard", icon="layout-dashboard", endpoint="home.index", order=10)

from blueprints.home import views  # noqa: E402, F401
