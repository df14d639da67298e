"""The person: name, light or dark, password."""

from flask import request, url_for
from werkzeug.wrappers import Response

from blueprints.access import current_person, me, remember_theme
from blueprints.hypermedia import go_to, render, render_change
from blueprints.settings import bp
from blueprints.settings.account import PAGE, shown
from core.runtime import users
from core.runtime.users import InvalidPerson

PROFILE = "settings/_profile.html"
PASSWORD = "settings/_password.html"


@bp.get("/account")
def profile() -> Response:
    return render(PAGE, PROFILE, PASSWORD, **shown())


@bp.post("/account")
def change_profile() -> Response:
    typed = {name: request.form.get(name, "") for name in ("name", "theme")}
    try:
        users.change_profile(current_person(), **typed)
    except InvalidPerson as invalid:
        return render(PAGE, PROFILE, status=422, **shown(typed=typed, problems=invalid.problems))
    remember_theme(typed["theme"])
    # Light and dark belong to the whole page, so all of it is drawn again.
    return go_to(url_for("settings.profile"), toast="Saved")


@bp.post("/account/password")
def change_password() -> Response:
    old, new = request.form.get("old_password", ""), request.form.get("password", "")
    try:
        users.change_password(current_person(), old, new, keep_session=me().session.id)
    except InvalidPerson as invalid:
        return render(PAGE, PASSWORD, status=422, **shown(problems=invalid.problems))
    return render_change(
        PASSWORD,
        otherwise=url_for("settings.profile"),
        toast="Password changed. You are signed out everywhere else.",
        problems={},
    )
