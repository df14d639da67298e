"""Mail templates: written once, filled in by steps, looked at and tried with samples."""

from flask import Blueprint

from blueprints.navigation import Entry

bp = Blueprint("mail_templates", __name__, url_prefix="/mail-templates")

PART_OF = "connections"
TAB = Entry("Mail templates", icon="mail", endpoint="mail_templates.index", order=30)

from blueprints.mail_templates import copies, deletion, trial, views  # noqa: E402, F401
