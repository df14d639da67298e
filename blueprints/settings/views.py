"""The workspace: its name, its time zone, its address."""

from urllib.parse import urlsplit

from flask import request, url_for
from werkzeug.wrappers import Response

from blueprints.access import current_person, current_workspace
from blueprints.hypermedia import render, render_change
from blueprints.settings import bp
from core import config
from core.runtime import workspace_changes
from core.runtime.workspaces import InvalidWorkspace

FORM = "settings/_workspace.html"


@bp.get("")
def workspace() -> Response:
    return render("settings/workspace.html", FORM, **shown())


@bp.post("")
def change_workspace() -> Response:
    typed = {name: request.form.get(name, "") for name in ("label", "timezone")}
    asked = "asks_second_factor" in request.form
    try:
        workspace_changes.change(current_workspace(), **typed)
        workspace_changes.ask_for_second_factor(current_workspace(), asked, by=current_person())
    except InvalidWorkspace as invalid:
        context = shown(typed | {"asks_second_factor": asked}, invalid.problems)
        return render("settings/workspace.html", FORM, status=422, **context)
    return render_change(
        FORM, otherwise=url_for("settings.workspace"), toast="Workspace saved", **shown()
    )


def shown(
    typed: dict[str, object] | None = None, problems: dict[str, str] | None = None
) -> dict[str, object]:
    workspace = current_workspace()
    address = config.current().base_url
    return {
        "typed": typed
        or {
            "label": workspace.label,
            "timezone": workspace.timezone,
            "asks_second_factor": workspace.asks_second_factor,
        },
        "problems": problems or {},
        "address": address,
        "is_loopback": urlsplit(address).hostname in config.LOOPBACK,
    }
