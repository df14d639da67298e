"""How openBuild's own mails are sent, and whether you get one when a run fails."""

from typing import Any

from flask import Response, abort, request, url_for

from blueprints.access import current_person, current_workspace, me
from blueprints.hypermedia import render, render_change
from blueprints.outbox import bp
from core.runtime import failure_mails, mail_posting
from core.runtime.mail_posting import UnknownConnection

PAGE = "outbox/settings.html"
MINE = "outbox/_mine.html"
OURS = "outbox/_ours.html"


@bp.get("/settings/mail")
def settings() -> Response:
    return render(PAGE, MINE, OURS, **present())


@bp.post("/settings/mail")
def change_settings() -> Response:
    try:
        mail_posting.choose_connection(current_workspace().id, request.form.get("connection", ""))
    except UnknownConnection:
        abort(404)
    return render_change(OURS, otherwise=url_for("outbox.settings"), toast="Saved", **present())


@bp.post("/settings/mail/mine")
def change_own() -> Response:
    wanted = request.form.get("failures") == "yes"
    failure_mails.choose(current_workspace().id, current_person(), is_wanted=wanted)
    return render_change(MINE, otherwise=url_for("outbox.settings"), toast="Saved", **present())


def present() -> dict[str, Any]:
    """What is chosen now."""
    workspace_id = current_workspace().id
    boxes = mail_posting.mailboxes(workspace_id)
    return {
        "mailboxes": [(box.name, box.label) for box in boxes],
        "chosen": mail_posting.default_connection(workspace_id),
        "is_wanted": failure_mails.is_wanted(workspace_id, current_person(), me().membership.role),
    }
