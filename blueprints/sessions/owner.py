"""The link that creates the first owner: it works once."""

from flask import abort, request, url_for
from werkzeug.wrappers import Response

from blueprints import welcome_key
from blueprints.access import current_workspace, let_in
from blueprints.hypermedia import go_to, render
from blueprints.sessions import bp
from core.runtime import users
from core.runtime.users import InvalidPerson, NewPerson, NewWorkspace, SetupOver


@bp.get("/owner/<token>")
def new_owner(token: str) -> Response:
    if not users.is_owner_token(token):
        return link_is_over()
    return form(token)


@bp.post("/owner/<token>")
def create_owner(token: str) -> Response:
    typed = request.form
    person = NewPerson(
        email=typed.get("email", ""), password=typed.get("password", ""), name=typed.get("name", "")
    )
    about = NewWorkspace(typed.get("workspace", ""), typed.get("timezone", ""))
    try:
        owner = users.create_owner(token, person, about)
    except SetupOver:
        return link_is_over()
    except InvalidPerson as invalid:
        return form(token, invalid.problems, status=422)
    let_in(owner, stays=True)
    welcome_key.make(current_workspace().id, by=owner.name)
    return go_to(url_for("home.index"))


def form(token: str, problems: dict[str, str] | None = None, *, status: int = 200) -> Response:
    return render(
        "sessions/new_owner.html",
        status=status,
        token=token,
        typed=request.form,
        problems=problems or {},
    )


def link_is_over() -> Response:
    """A used link leads to the door, a wrong one nowhere."""
    if users.is_owner_missing():
        abort(404, "This link is not complete. Copy all of it from where openBuild was started.")
    return go_to(url_for("sessions.sign_in"))
