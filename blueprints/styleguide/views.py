"""The style page."""

from werkzeug.wrappers import Response

from blueprints.hypermedia import render
from blueprints.styleguide import bp


@bp.get("/_styleguide")
def index() -> Response:
    return render("styleguide/index.html")
