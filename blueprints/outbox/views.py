"""The list of mails with one of them beside it, and the mail alone for its frame."""

from typing import Any

from flask import Response, request

from blueprints import numbers
from blueprints.access import current_workspace, found
from blueprints.hypermedia import render
from blueprints.mail_pages import content, framed
from blueprints.outbox import bp
from blueprints.outbox.words import TABS, Line, Shown
from core.runtime import mail_posting, runs
from core.storage.db import db
from core.storage.mail import Mail
from core.storage.mail_event import MailEvent

INDEX = "outbox/index.html"
LIST = "outbox/_list.html"
PAGE = 50
LONGEST_TEXT = 200  # characters


@bp.get("/outbox")
def index() -> Response:
    return framed(render(INDEX, LIST, **shown(None)))


@bp.get("/outbox/<int:mail_id>")
def show(mail_id: int) -> Response:
    return framed(render(INDEX, LIST, **shown(visible_mail(mail_id))))


@bp.get("/outbox/<int:mail_id>/content")
def mail_content(mail_id: int) -> Response:
    mail = visible_mail(mail_id)
    return content(mail.subject, mail.text, mail.html)


def visible_mail(mail_id: int) -> Mail:
    """The mail, if it is in this person's workspace; else 404."""
    here = Mail.id == mail_id, Mail.workspace_id == current_workspace().id
    return found(db.session.scalar(db.select(Mail).where(*here)))


def shown(mail: Mail | None) -> dict[str, Any]:
    """What the page needs: the list as it was asked for, and the mail or the newest one."""
    workspace_id = current_workspace().id
    text = request.args.get("text", "").strip()[:LONGEST_TEXT]
    before = numbers.read(request.args.get("before", ""))
    mails = Mail.of_workspace(workspace_id, text=text, before=before, limit=PAGE + 1)
    chosen = mail or next(iter(mails), None)
    return {
        "lines": [Line(each) for each in mails[:PAGE]],
        "older": mails[PAGE - 1].id if len(mails) > PAGE else None,
        "text": text,
        "is_chosen": mail is not None,
        "is_narrow": bool(text or before),
        "shown": _mail(chosen) if chosen else None,
        "has_mailbox": bool(mail_posting.mailboxes(workspace_id)),
        "parts": TABS,
    }


def _mail(mail: Mail) -> Shown:
    tab = request.args.get("tab", "")
    run = runs.find(mail.workspace_id, mail.run_id) if mail.run_id else None
    events = MailEvent.of_mail(mail.id) if mail.outcome else []
    return Shown(Line(mail), tab if tab in dict(TABS) else "", run, events)
