"""The page behind the link that a person is mailed: it shows a question and takes an answer."""

from flask import Blueprint

DOOR = "both"
bp = Blueprint("approvals", __name__)

from blueprints.approvals import views  # noqa: E402, F401
