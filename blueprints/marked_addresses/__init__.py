"""Addresses that take no mails: why, since when, and letting mails go there again."""

from flask import Blueprint

from blueprints.navigation import Entry

bp = Blueprint("marked_addresses", __name__, url_prefix="/marked-addresses")

PART_OF = "connections"
TAB = Entry("Marked addresses", icon="ban", endpoint="marked_addresses.index", order=25)

from blueprints.marked_addresses import views  # noqa: E402, F401
