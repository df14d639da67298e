"""The first screen."""

from werkzeug.wrappers import Response

from blueprints.home import bp
from blueprints.hypermedia import render


@bp.get("/")
def index() -> Response:
    return render("home/index.html")
