"""Settings of the workspace and of the person."""

from flask import Blueprint

from blueprints.navigation import Entry

bp = Blueprint("settings", __name__, url_prefix="/settings")

RAIL = Entry("Settings", icon="settings", endpoint="settings.workspace", order=90, at_the_end=True)
SETTINGS = (
    Entry("Your account", icon="user-round", endpoint="settings.profile", order=10, group="You"),
    Entry("General", icon="sliders-horizontal", endpoint="settings.workspace", order=10),
)

from blueprints.settings import profile, second_factor, views  # noqa: E402, F401
