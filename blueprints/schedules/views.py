"""The pages of what is planned and of what waits."""

from flask import Response, request

from blueprints.access import current_workspace, found
from blueprints.hypermedia import render
from blueprints.schedules import bp, listing
from core.runtime import batch_list, schedule_list
from core.storage.schedule import Schedule
from core.storage.workflow import Workflow

LONGEST_TEXT = 200
FIRST_WAITING = 5
MOST_WAITING = 200  # on one page


@bp.get("")
def index() -> Response:
    workspace = current_workspace()
    text = request.args.get("text", "").strip()[:LONGEST_TEXT]
    rows = listing.rows(workspace, text)
    chosen = next((row for row in rows if str(row.id) == request.args.get("schedule")), None)
    waiting = schedule_list.waiting(workspace.id, limit=FIRST_WAITING)
    waiting_count = schedule_list.waiting_count(workspace.id)
    batch_count = batch_list.open_count(workspace.id)
    return render(
        "schedules/index.html",
        rows=rows,
        row=chosen or (rows[0] if rows else None),
        text=text,
        workspace=workspace,
        wait_rows=listing.wait_rows(workspace, waiting),
        waiting_count=waiting_count,
        batch_count=batch_count,
        is_used=bool(
            rows or text or waiting_count or batch_count or batch_list.listed(workspace.id, limit=1)
        ),
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
    return render(
        "schedules/waiting.html",
        "schedules/_waiting.html",
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


def visible(schedule_id: int) -> Schedule:
    """The schedule, if it is in this person's workspace; else 404."""
    return found(schedule_list.find(current_workspace(), schedule_id)).schedule
