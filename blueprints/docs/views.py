"""Read and search the documentation."""

from pathlib import Path

from flask import request
from werkzeug.security import safe_join
from werkzeug.wrappers import Response

from blueprints.access import found
from blueprints.docs import bp, shelf
from blueprints.docs.rendering import FILE_TYPES, render_page
from blueprints.docs.searching import search
from blueprints.hypermedia import render

PAGE, BODY = "docs/page.html", "docs/_body.html"


@bp.get("")
def index() -> Response:
    """The first page; or, with words to look for, where they are."""
    needle = request.args.get("q", "").strip()
    return show(shelf.pages()[0], needle)


@bp.get("/<path:page>")
def page(page: str) -> Response:
    return show(found(shelf.find(page)))


@bp.get("/files/<path:file>")
def file(file: str) -> Response:
    path = Path(found(safe_join(str(shelf.ROOT), file)))
    mimetype = found(FILE_TYPES.get(path.suffix))
    content = found(path.read_bytes() if path.is_file() else None)
    return Response(content, mimetype=mimetype)


def show(page: shelf.Page, needle: str = "") -> Response:
    before, after = shelf.neighbours(page)
    return render(
        PAGE,
        BODY,
        chapters=shelf.chapters(),
        doc=page,
        rendered=render_page(page),
        before=before,
        after=after,
        needle=needle,
        results=search(needle),
    )
