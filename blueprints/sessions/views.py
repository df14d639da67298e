"""The sign-in page and what its form does."""

from flask import request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.access import let_in, let_out
from blueprints.hypermedia import go_to, render
from blueprints.sessions import bp, half_way
from blueprints.sessions.wanted import wanted_page
from core.runtime import second_factor, signing_in, users, workspaces
from core.runtime.signing_in import SignInRefused
from core.storage.workspace import Workspace


@bp.get("/sign-in")
def sign_in() -> Response:
    if current_user.is_authenticated:
        return go_to(wanted_page())
    return door()


@bp.post("/sign-in")
def open_session() -> Response:
    form = request.form
    try:
        person = signing_in.authenticate(
            form.get("email", ""), form.get("password", ""), request.remote_addr or ""
        )
        if second_factor.on_since(person.id) is not None:
            half_way.begin(person, stays="stays" in form)
            return go_to(url_for("sessions.code", next=request.values.get("next") or None))
        let_in(person, stays="stays" in form)
    except SignInRefused as refusal:
        return door(email=form.get("email", ""), error=str(refusal), status=422)
    return go_to(wanted_page())


@bp.post("/sign-out")
def sign_out() -> Response:
    let_out()
    return go_to(url_for("sessions.sign_in"))


def door(*, email: str = "", error: str = "", status: int = 200) -> Response:
    workspace = Workspace.named(workspaces.FIRST)
    return render(
        "sessions/sign_in.html",
        status=status,
        email=email,
        error=error,
        next=request.values.get("next", ""),
        owner_missing=users.is_owner_missing(),
        workspace_label=workspace.label if workspace else "openBuild",
    )
