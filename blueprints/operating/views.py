"""The health page: how all parts do, looked at again every ten seconds."""

import threading

from flask import Flask, current_app, url_for
from werkzeug.wrappers import Response

from blueprints import examination
from blueprints.access import current_person, current_workspace
from blueprints.hypermedia import go_to, render, render_change, wants_partials
from blueprints.operating import bp
from blueprints.operating.overview import overview
from core.runtime import backups, holding

PAGE, PANEL, DOCTOR = "operating/health.html", "operating/_health.html", "operating/_doctor.html"
_copying = threading.Lock()


@bp.get("")
def health() -> Response:
    return render(PAGE, PANEL, view=overview(current_workspace().id), findings=None)


@bp.post("/doctor")
def examine() -> Response:
    found = list(examination.findings())
    if wants_partials():
        return render(DOCTOR, DOCTOR, findings=found)
    return render(PAGE, view=overview(current_workspace().id), findings=found)


@bp.post("/copy")
def copy() -> Response:
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    if _copying.acquire(blocking=False):
        threading.Thread(target=copy_beside, args=(app,), name="copy", daemon=True).start()
    return render_change(
        PANEL,
        otherwise=url_for("operating.health"),
        toast="The copy is being made in the data folder.",
        view=overview(current_workspace().id),
    )


def copy_beside(app: Flask) -> None:
    """A large database takes longer than a browser waits."""
    try:
        with app.app_context():
            backups.copy_now()
    except backups.BackupRefused as refused:
        app.logger.error("the copy was not made: %s", refused)
    finally:
        _copying.release()


@bp.post("/start-sending")
def start_sending() -> Response:
    holding.end(by=current_person().name)
    return go_to(url_for("operating.health"), toast="Sending has started: what is due runs now.")
