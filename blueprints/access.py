"""Who is asking, whether they may, and loading only what they may see."""

import hmac
import secrets
from typing import TypeVar
from urllib.parse import urlsplit

from flask import Flask, Request, abort, current_app, request, session, url_for
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from markupsafe import Markup
from werkzeug.wrappers import Response

from blueprints.hypermedia import ask_to_sign_in, go_to
from blueprints.policy import ROUTES, WITHOUT_SECOND_FACTOR, Verb, may
from core import config
from core.runtime import second_factor, signing_in
from core.storage.db import db
from core.storage.run import Run
from core.storage.user import User
from core.storage.web_session import SignedIn
from core.storage.workflow import Workflow
from core.storage.workspace import Workspace

Row = TypeVar("Row")
SAFE = {"GET", "HEAD", "OPTIONS"}
CSRF_FIELD = "csrf_token"
CSRF_HEADER = "X-CSRF-Token"
SESSION_COOKIE = "openbuild_session"
THEME = "theme"


class Visitor(UserMixin):
    """Who flask-login keeps in the cookie: a session's token, which only the browser has."""

    def __init__(self, token: str, signed_in: SignedIn) -> None:
        self.id = token
        self.signed_in = signed_in


class Sessions(SecureCookieSessionInterface):
    """Flask's sessions; for those who show no cookie, no signer is made."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """What the cookie holds."""
        if self.get_cookie_name(app) not in request.cookies:
            return self.session_class()
        return super().open_session(app, request)


class NoRow(RuntimeError):
    """A route is missing in blueprints/policy.py."""


def install(app: Flask) -> None:
    """Guard every route of the application."""
    app.config.update(SESSION_COOKIE_NAME=SESSION_COOKIE, SESSION_COOKIE_HTTPONLY=True)
    app.config["PERMANENT_SESSION_LIFETIME"] = signing_in.LONG_STAY
    app.session_interface = Sessions()
    # The token is checked against the database; binding it to an address would end sessions
    # of people on the move.
    manager = LoginManager()
    manager.session_protection = None
    manager.user_loader(load_visitor)
    # Not by init_app: its remember cookie, which we don't use, would open the session of every
    # public call and static file.
    app.login_manager = manager
    app.before_request(guard)
    app.jinja_env.globals.update(
        csrf_token=csrf_token,
        csrf_field=csrf_field,
        current_person=current_person,
        current_workspace=current_workspace,
        i_may=i_may,
        theme=theme,
    )


def load_visitor(token: str) -> Visitor | None:
    signed_in = signing_in.who_holds(token)
    return None if signed_in is None else Visitor(token, signed_in)


def guard() -> Response | None:
    """Let a request through only if the policy has a row for it and the sender may."""
    if request.endpoint is None:
        return None  # no such address: Flask answers 404 or 405
    verb = verb_of(request.endpoint)
    if verb is Verb.CALL:
        return None
    if request.method not in SAFE:
        refuse_forgery()
    if verb is Verb.VISIT:
        return None
    if not current_user.is_authenticated:
        return ask_to_sign_in()
    if not i_may(verb):
        abort(403)
    if owes_second_factor() and request.endpoint not in WITHOUT_SECOND_FACTOR:
        return go_to(url_for("settings.profile", _anchor="second-factor"))
    return None


def owes_second_factor() -> bool:
    """Whether the workspace asks everybody for two-factor sign-in, and this person has none."""
    signed_in = me()
    asked = signed_in.workspace.asks_second_factor
    return asked and second_factor.on_since(signed_in.person.id) is None


def verb_of(endpoint: str) -> Verb:
    """What the policy asks for; without a row, loud in tests and closed elsewhere."""
    verb = ROUTES.get(endpoint)
    if verb is not None:
        return verb
    if current_app.testing:
        raise NoRow(f"{endpoint} has no row in blueprints/policy.py")
    current_app.logger.error("%s has no row in blueprints/policy.py", endpoint)
    abort(404)


def refuse_forgery() -> None:
    """Refuse a change that another site, or nobody's page, asked for."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        abort(403, "This request came from another site.")
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc not in own_hosts():
        abort(403, "This request came from another site.")
    given = request.headers.get(CSRF_HEADER) or request.form.get(CSRF_FIELD, "")
    known = session.get(CSRF_FIELD, "")
    if not known or not hmac.compare_digest(given.encode(), known.encode()):
        abort(403, "This page was open for too long. Load it again, then repeat what you did.")


def own_hosts() -> set[str]:
    return {request.host, urlsplit(config.current().base_url).netloc}


def csrf_token() -> str:
    """The token that every change of this browser must carry."""
    if CSRF_FIELD not in session:
        session[CSRF_FIELD] = secrets.token_urlsafe(24)
    return str(session[CSRF_FIELD])


def csrf_field() -> Markup:
    """The token as a hidden field, for browsers without htmx."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(CSRF_FIELD, csrf_token())


def let_in(person: User, *, stays: bool) -> None:
    """Sign this browser in, under a new token."""
    token = signing_in.open_session(
        person, stays=stays, browser=request.headers.get("User-Agent", "")
    )
    session.clear()
    session.permanent = stays
    remember_theme(person.theme)
    signed_in = signing_in.who_holds(token)
    if signed_in is not None:
        login_user(Visitor(token, signed_in))


def let_out() -> None:
    """Sign this browser out, here and on the server."""
    signing_in.close_session(current_user.id)
    logout_user()
    session.clear()


def me() -> SignedIn:
    """The signed-in person with session, membership and workspace."""
    if not current_user.is_authenticated:
        abort(401)
    signed_in: SignedIn = current_user.signed_in
    return signed_in


def current_person() -> User:
    return me().person


def current_workspace() -> Workspace:
    return me().workspace


def i_may(verb: Verb | str) -> bool:
    """Whether the signed-in person may do it; templates hide what they may not."""
    return bool(current_user.is_authenticated) and may(me().membership.role, Verb(verb))


def theme() -> str:
    """Light or dark when the person chose, else nothing; known even while the database is away."""
    return str(session.get(THEME, ""))


def remember_theme(chosen: str) -> None:
    session[THEME] = chosen


def visible_workflow(workflow_id: int) -> Workflow:
    """The workflow, if it is in this person's workspace; else 404."""
    return found(
        db.session.scalar(
            db.select(Workflow).where(
                Workflow.id == workflow_id,
                Workflow.workspace_id == current_workspace().id,
                Workflow.deleted_at.is_(None),
            )
        )
    )


def visible_run(run_id: str) -> Run:
    """The run, if it is in this person's workspace; else 404."""
    return found(
        db.session.scalar(
            db.select(Run).where(Run.id == run_id, Run.workspace_id == current_workspace().id)
        )
    )


def found(row: Row | None) -> Row:
    """The row, or 404: a stranger learns nothing, not even that it exists."""
    if row is None:
        abort(404)
    return row
