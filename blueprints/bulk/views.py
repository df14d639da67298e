"""The list of bulk actions, and the page of one, which follows it while it goes on."""

from flask import Response, request

from blueprints import bulk_words
from blueprints.access import current_workspace, found
from blueprints.bulk import bp, choosing
from blueprints.hypermedia import render
from core import clock
from core.runtime import bulk_foresight, bulk_list
from core.runtime.bulk_actions import MOST
from core.runtime.bulk_list import GROUPS, BulkView
from core.runtime.run_filter import BadFilter

PAGE = 30
LIST, STORY, COUNT = "bulk/_list.html", "bulk/_story.html", "bulk/_count.html"


@bp.get("")
def index() -> Response:
    before = request.args.get("before", "")[:40]
    views = bulk_list.listed(current_workspace().id, before=before or None, limit=PAGE + 1)
    shown = views[:PAGE]
    older = shown[-1].action.id if len(views) > PAGE else ""
    lines = [bulk_words.Line(view, clock.now()) for view in shown]
    return render("bulk/index.html", LIST, lines=lines, before=before, older=older)


@bp.get("/<action_id>")
def show(action_id: str) -> Response:
    view = visible(action_id)
    wished = request.args.get("show", "")
    group = wished if wished in GROUPS else view.shown
    line = bulk_words.Line(view, clock.now())
    return render(
        "bulk/show.html",
        STORY,
        line=line,
        wished=wished if wished in GROUPS else "",
        groups=line.groups(group),
        items=bulk_list.items(action_id, group),
        zone=current_workspace().timezone,
    )


@bp.get("/count")
def count() -> Response:
    """How many runs match, for the bar above a list's foot."""
    try:
        wanted = choosing.filters_of(request.args).wanted
    except BadFilter:
        return Response(status=204)
    if wanted.text:
        return Response(status=204)  # that would mean to read every run
    total = bulk_foresight.count(current_workspace().id, wanted)
    return render(COUNT, COUNT, total=total, most=MOST)


def visible(action_id: str) -> BulkView:
    """The bulk action, if it is in this person's workspace; else 404."""
    return found(bulk_list.find(current_workspace().id, action_id))
