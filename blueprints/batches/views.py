"""The list of batches, and the page of one, which follows it while it runs."""

from flask import Response, request

from blueprints.access import current_workspace, found
from blueprints.batches import bp, words
from blueprints.hypermedia import render
from core import clock
from core.runtime import batch_list, schedule_list
from core.runtime.batch_list import GROUPS, BatchView
from core.storage.batch import Batch
from core.storage.db import db

PAGE = 30
LIST, STORY = "batches/_list.html", "batches/_story.html"


@bp.get("")
def index() -> Response:
    workspace = current_workspace()
    before = request.args.get("before", "")[:40]
    found_ = batch_list.listed(workspace.id, before=before or None, limit=PAGE + 1)
    shown = found_[:PAGE]
    return render(
        "batches/index.html",
        LIST,
        lines=[words.Line(view, clock.now()) for view in shown],
        before=before,
        older=shown[-1].batch.id if len(found_) > PAGE else "",
        planned_count=len(schedule_list.planned(workspace)),
        waiting_count=schedule_list.waiting_count(workspace.id),
        batch_count=batch_list.open_count(workspace.id),
    )


@bp.get("/<batch_id>")
def show(batch_id: str) -> Response:
    view = visible(batch_id)
    wished = request.args.get("show", "")
    group = wished if wished in GROUPS else view.shown
    return render(
        "batches/show.html",
        STORY,
        line=words.Line(view, clock.now()),
        group=group,
        wished=wished if wished in GROUPS else "",
        groups=words.groups(view, group),
        items=batch_list.items(batch_id, group),
        zone=current_workspace().timezone,
        again=neighbour(view.batch.again_id),
        again_of=neighbour(view.batch.again_of),
    )


def visible(batch_id: str) -> BatchView:
    """The batch, if it is in this person's workspace; else 404."""
    return found(batch_list.find(current_workspace().id, batch_id))


def neighbour(batch_id: str | None) -> Batch | None:
    """The batch of the failed items, or the one they come from."""
    return db.session.get(Batch, batch_id) if batch_id else None
