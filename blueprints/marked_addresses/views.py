"""The list of marked addresses, and taking a mark away."""

from typing import Any

from flask import Response, request, url_for

from blueprints import numbers
from blueprints.access import current_workspace, found
from blueprints.hypermedia import render, render_change
from blueprints.marked_addresses import bp
from core.engine.mail_events import BOUNCED, COMPLAINED, DROPPED
from core.runtime import mail_events, mail_posting, marked_addresses
from core.storage.db import db
from core.storage.mail_event import MarkedAddress

WHY_MARKED = {BOUNCED: "Bounced", COMPLAINED: "Called spam", DROPPED: "Sent nothing any more"}

INDEX = "marked_addresses/index.html"
LIST = "marked_addresses/_list.html"
PAGE = 50
LONGEST_TEXT = 200  # characters


@bp.get("")
def index() -> Response:
    return render(INDEX, LIST, **shown())


@bp.post("/<int:address_id>/removal")
def unmark(address_id: int) -> Response:
    marked = visible_address(address_id)
    email = marked.email
    marked_addresses.unmark(marked)
    toast = f"{email} may get mails again"
    return render_change(LIST, otherwise=url_for("marked_addresses.index"), toast=toast, **shown())


def visible_address(address_id: int) -> MarkedAddress:
    """The marked address, if it is in this person's workspace; else 404."""
    here = MarkedAddress.id == address_id, MarkedAddress.workspace_id == current_workspace().id
    return found(db.session.scalar(db.select(MarkedAddress).where(*here)))


def shown() -> dict[str, Any]:
    """What the page and its list need."""
    workspace_id = current_workspace().id
    text = request.args.get("text", "").strip()[:LONGEST_TEXT]
    before = numbers.read(request.args.get("before", ""))
    rows = MarkedAddress.of_workspace(workspace_id, text=text, before=before, limit=PAGE + 1)
    boxes = mail_posting.mailboxes(workspace_id)
    return {
        "rows": rows[:PAGE],
        "older": rows[PAGE - 1].id if len(rows) > PAGE else None,
        "text": text,
        "is_narrow": bool(text or before),
        "why": WHY_MARKED,
        "is_told": any(mail_events.is_open(box) for box in boxes),
        "able": next((box for box in boxes if mail_events.mailbox_of(box)), None),
    }
