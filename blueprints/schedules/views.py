"""The pages of what is planned and of what waits."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from flask import Response, render_template, request

from blueprints import hypermedia
from blueprints.access import current_workspace, found
from blueprints.schedules import bp, listing
from core import clock
from core.runtime import batch_list, schedule_list
from core.storage.schedule import Schedule
from core.storage.workflow import Workflow

LONGEST_TEXT = 200
FIRST_WAITING = 5
MOST_WAITING = 200  # on one page
SOON = timedelta(minutes=2)
NAV = "schedules/_subnav.html"


@bp.get("")
def index() -> Response:
    workspace = current_workspace()
    text = request.args.get("text", "").strip()[:LONGEST_TEXT]
    rows = listing.rows(workspace, text)
    chosen = next((row for row in rows if str(row.id) == request.args.get("schedule")), None)
    waiting = schedule_list.waiting(workspace.id, limit=FIRST_WAITING)
    waiting_count = schedule_list.waiting_count(workspace.id)
    batch_count = batch_list.open_count(workspace.id)
    is_used = bool(rows or text or waiting_count or batch_count)
    return renewed(
        "schedules/index.html",
        "schedules/_plan.html",
        here="planned",
        planned_count=len(rows),
        seconds=seconds_until_renewed([row.planned.schedule.next_at for row in rows]),
        rows=rows,
        row=chosen or (rows[0] if rows else None),
        text=text,
        workspace=workspace,
        wait_rows=listing.wait_rows(workspace, waiting),
        waiting_count=waiting_count,
        batch_count=batch_count,
        is_used=is_used or bool(batch_list.listed(workspace.id, limit=1)),
    )


@bp.get("/waiting")
def waiting() -> Response:
    workspace = current_workspace()
    text = request.args.get("text", "").strip()[:LONGEST_TEXT]
    name = request.args.get("workflow", "")
    choices = Workflow.of_workspace(workspace.id)
    workflow = next((each for each in choices if each.name == name), None)
    found = schedule_list.waiting(
        workspace.id,
        text=text,
        workflow_id=workflow.id if workflow else None,
        limit=MOST_WAITING + 1,
    )
    return renewed(
        "schedules/waiting.html",
        "schedules/_waiting.html",
        here="waiting",
        seconds=seconds_until_renewed([each.run.wake_at for each in found]),
        wait_rows=listing.wait_rows(workspace, found[:MOST_WAITING]),
        has_more=len(found) > MOST_WAITING,
        waiting_count=schedule_list.waiting_count(workspace.id),
        planned_count=len(listing.rows(workspace)),
        batch_count=batch_list.open_count(workspace.id),
        text=text,
        workflow=workflow,
        choices=choices,
        can_choose=True,
    )


def renewed(page: str, part: str, **context: Any) -> Response:
    """The page, or the part of it that renews itself, with the counts above it."""
    if not hypermedia.wants_partials():
        return hypermedia.render(page, **context)
    counts = hypermedia.elsewhere(render_template(NAV, **context), swap="outerMorph")
    return hypermedia.answer(f"{hypermedia.join(part, **context)}\n{counts}")


def seconds_until_renewed(moments: Iterable[datetime | None]) -> int:
    """How long a page waits until it looks again: not long when something is due."""
    soon = clock.now() + SOON
    return 2 if any(at is not None and at <= soon for at in moments) else 10


def visible(schedule_id: int) -> Schedule:
    """The schedule, if it is in this person's workspace; else 404."""
    return found(schedule_list.find(current_workspace(), schedule_id)).schedule
