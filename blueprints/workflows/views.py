"""The list of workflows."""

from flask import request
from werkzeug.wrappers import Response

from blueprints.access import current_workspace
from blueprints.hypermedia import render
from blueprints.workflows import bp, listing

DIALOG = "workflows/dialog.html"
LIST = "workflows/_list.html"
ROW = "workflows/_row.html"


@bp.get("")
def index() -> Response:
    return render("workflows/index.html", LIST, **shown())


def shown() -> dict[str, object]:
    """What the list needs, filtered as the address says."""
    needle, folder = request.args.get("q", ""), request.args.get("folder", "")
    found = listing.of_workspace(current_workspace().id, needle=needle, folder=folder)
    return {"listing": found, "needle": needle, "folder": folder}
