"""The outbox: every mail as it looks, kept here or sent; and how openBuild's own mails go."""

from flask import Blueprint

from blueprints.navigation import Entry

bp = Blueprint("outbox", __name__)

PART_OF = "connections"
TAB = Entry("Outbox", icon="inbox", endpoint="outbox.index", order=20)
SETTINGS = (Entry("Mail", icon="mail", endpoint="outbox.settings", order=30),)

from blueprints.outbox import sending, settings, views  # noqa: E402, F401
