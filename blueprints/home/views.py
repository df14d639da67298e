"""Home: the dashboard, and the first screen until there is something to show on it."""

import json
from datetime import datetime, timedelta

from flask import request, url_for
from werkzeug.wrappers import Response

from blueprints import welcome_key
from blueprints.access import current_person, current_workspace, found, me
from blueprints.home import bp, dashboard, first_call
from blueprints.hypermedia import render, render_change
from core import config
from core.runtime import beginnings, mail_posting, processes, starting_points
from core.storage.workflow import Workflow

DASHBOARD = "home/_dashboard.html"
LISTENING = "home/_first_call.html"
TRY = "home/_try.html"
FIRST_VISIT = timedelta(minutes=5)  # from becoming somebody here to signing in


@bp.get("/")
def index() -> Response:
    """The first screen as long as there is nothing of one's own, then the dashboard."""
    if beginnings.is_new(current_workspace().id, looked_last(), but=welcome_key.EXAMPLE):
        return first_steps()
    asked = dashboard.Asked.of(request.args)
    return render("home/dashboard.html", DASHBOARD, **dashboard.shown(current_workspace(), asked))


def looked_last() -> datetime | None:
    """Until when this person may have looked before; nobody has at a first visit."""
    began = me().session.created_at
    return None if began - current_person().created_at < FIRST_VISIT else began


@bp.get("/first-steps")
def first_steps() -> Response:
    return render("home/index.html", LISTENING, points=starting_points.offered(), **shown())


@bp.post("/welcome-key")
def make_key() -> Response:
    found(example())
    welcome_key.make(current_workspace().id, by=current_person().name)
    return render_change(TRY, otherwise=url_for("home.first_steps"), **shown())


def shown() -> dict[str, object]:
    workflow = example()
    return {
        "example": workflow,
        "call": first_call.newest(workflow) if workflow else None,
        "key": welcome_key.kept(),
        "url": f"{config.current().base_url}/api/1.1/wf/{welcome_key.EXAMPLE}",
        "sample": json.dumps({"name": current_person().first_name}, ensure_ascii=False),
        "brief": first_call.brief,
        "worker_count": len(processes.alive("worker")),
        "has_scheduler": bool(processes.alive("scheduler")),
        "has_mailbox": bool(mail_posting.mailboxes(current_workspace().id)),
    }


def example() -> Workflow | None:
    """The example, unless somebody deleted or renamed it."""
    return Workflow.named(current_workspace().id, welcome_key.EXAMPLE)
