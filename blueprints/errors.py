"""Pages and fragments for what went wrong: what happened, where, and what to do."""

import logging
import secrets
from typing import NamedTuple

from flask import Flask, current_app, make_response, render_template, request
from flask_login import current_user
from sqlalchemy.exc import DataError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from blueprints import hypermedia
from blueprints.policy import ROUTES, Verb
from core.engine.errors import StateConflict
from core.runtime.passwords import TooBusy
from core.storage.db import UNAVAILABLE, db

log = logging.getLogger(__name__)

HOME = "home.index"


class Words(NamedTuple):
    """What an error page says."""

    title: str
    text: str


SAID = {
    400: Words("This request can't be read", "Something in it is missing or damaged."),
    401: Words("Please sign in", "Your session has ended."),
    403: Words("You may not do this", "Ask the owner of this workspace for the right to."),
    404: Words(
        "There is nothing at this address",
        "It may have been deleted or renamed, or you may not see it.",
    ),
    405: Words("This can't be done here", "The address is right, the way to call it is not."),
    409: Words("Somebody was faster", "This changed in the meantime. Load the page again."),
    413: Words("This is too large", "Send less than OPENBUILD_MAX_BODY allows."),
    429: Words("Too many tries", "Wait a little, then try again."),
    500: Words("This page broke. Your runs didn't.", "Workers keep what they do and go on."),
    503: Words("Please try again", "openBuild is too busy or its database does not answer."),
}


def install(app: Flask) -> None:
    """Answer every error as a page, or as a toast when htmx asked."""
    app.register_error_handler(HTTPException, on_http_error)
    app.register_error_handler(StateConflict, on_conflict)
    app.register_error_handler(TooBusy, on_busy)
    app.register_error_handler(DataError, on_unstorable)
    for error in UNAVAILABLE:
        app.register_error_handler(error, on_database_error)
    app.register_error_handler(Exception, on_surprise)


def on_http_error(error: HTTPException) -> Response:
    if error.response is not None:
        return error.response
    status = error.code or 500
    own_words = error.description if error.description != type(error).description else ""
    return say(status, text=own_words or "", headers=headers_of(error))


def on_conflict(error: StateConflict) -> Response:
    return say(409)


def on_busy(error: TooBusy) -> Response:
    return say(503, text=str(error), headers={"Retry-After": "30"})


def on_unstorable(error: DataError) -> Response:
    """A null character, for example: PostgreSQL keeps none, wherever somebody put it."""
    db.session.rollback()
    log.info("a request can't be stored: %s", error.orig)
    return say(400)


def on_database_error(error: Exception) -> Response:
    reference = remember(error)
    return say(503, reference=reference, headers={"Retry-After": "5"})


def on_surprise(error: Exception) -> Response:
    """Ours: the traceback goes to the log, the page names where to find it there."""
    return say(500, reference=remember(error))


def remember(error: Exception) -> str:
    reference = secrets.token_hex(4)
    log.error("request failed", exc_info=error, extra={"reference": reference})
    return reference


def say(
    status: int, *, text: str = "", reference: str = "", headers: dict[str, str] | None = None
) -> Response:
    """One error in the shape that was asked for: plain text, toast or page."""
    words = SAID.get(status, Words("This did not work", ""))
    text = text or words.text
    if is_public():
        answer = make_response(f"{words.title}. {text}\n", status)
        answer.mimetype = "text/plain"
    elif request.htmx and hypermedia.wants_partials():
        answer = hypermedia.refuse(f"{words.title.rstrip('.')}. {text}", status)
    else:
        answer = page(status, title=words.title, text=text, reference=reference)
    answer.headers.update(headers or {})
    return answer


def is_public() -> bool:
    """Whether a program asked, or this process has no pages."""
    called = ROUTES.get(request.endpoint or "") is Verb.CALL
    return called or HOME not in current_app.view_functions


def page(status: int, **words: str) -> Response:
    """A page in the usual frame; when that cannot be drawn, one that needs nothing."""
    layout = "layouts/bare.html"
    if status < 500 and current_user and current_user.is_authenticated:
        layout = "layouts/app.html"
    html = render_template("errors/page.html", layout=layout, status=status, **words)
    return hypermedia.answer(html, status)


def headers_of(error: HTTPException) -> dict[str, str]:
    """Allow and Retry-After, which some errors carry."""
    wanted = {"Allow", "Retry-After", "WWW-Authenticate"}
    return {name: value for name, value in error.get_headers() if name in wanted}
