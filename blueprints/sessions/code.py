"""The second page of signing in, for who has two-factor sign-in: the password was right."""

from flask import flash, request, url_for
from werkzeug.wrappers import Response

from blueprints.access import let_in
from blueprints.hypermedia import FAILED, go_to, render
from blueprints.sessions import bp, half_way
from blueprints.sessions.half_way import HalfWay
from blueprints.sessions.wanted import wanted_page
from core.runtime import signing_in
from core.runtime.signing_in import SignInRefused

RECOVERY = "recovery"
FEW = 3


@bp.get("/sign-in/code")
def code() -> Response:
    found = half_way.here()
    return back_to_the_door() if found is None else form(found)


@bp.post("/sign-in/code")
def check_code() -> Response:
    found = half_way.here()
    if found is None:
        flash("That took too long. Enter your password again.", FAILED)
        return back_to_the_door()
    try:
        accepted = signing_in.check_code(
            found.person, request.form.get("code", ""), request.remote_addr or ""
        )
        let_in(found.person, stays=found.stays)
    except SignInRefused as refusal:
        return form(found, error=str(refusal), status=422)
    if accepted.is_recovery:
        flash(words_for(accepted.left))
    return go_to(wanted_page())


def form(found: HalfWay, *, error: str = "", status: int = 200) -> Response:
    return render(
        "sessions/code.html",
        status=status,
        person=found.person,
        error=error,
        next=request.values.get("next", ""),
        is_recovery=request.values.get("with") == RECOVERY,
    )


def back_to_the_door() -> Response:
    return go_to(url_for("sessions.sign_in", next=request.values.get("next") or None))


def words_for(left: int) -> str:
    """After a recovery code: how many are left, and what to do when they are few."""
    codes = "1 recovery code is" if left == 1 else f"{left} recovery codes are"
    more = " Make new ones in Settings, Your account." if left <= FEW else ""
    return f"You are signed in with a recovery code. {codes} left.{more}"
