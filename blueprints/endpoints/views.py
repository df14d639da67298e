"""Endpoints at Bubble's addresses; each view only translates between HTTP and the runtime."""

import re
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from flask import Response as FlaskResponse
from flask import request
from flask_login import current_user
from werkzeug.datastructures import Headers
from werkzeug.exceptions import RequestEntityTooLarge

from blueprints.access import i_may, me, owes_second_factor
from blueprints.endpoints import bp
from blueprints.policy import Verb
from core import clock, config
from core.engine.auth_scheme import Call, Caller
from core.runtime.endpoints import (
    Address,
    BodyTooLarge,
    Doorway,
    Refused,
    Response,
    receive,
    run_status,
)
from core.runtime.endpoints.responses import WITHOUT_BODY

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
LIVE, DRAFT = "/api/1.1", "/version-test/api/1.1"
UNWANTED = 4  # times the largest body: so much of an unwanted one is still read
PIECE = 64 * 1024
PATIENCE = 5.0  # seconds, for an unwanted body
AS_IT_IS = re.compile(r"[\w:/?#\[\]@!$&'()*+,;=.~-]*", re.ASCII)  # in a URI (RFC 3986)
OWN_SITE = ("same-origin", "none")


def route(path: str) -> dict[str, object]:
    """All methods come to the view: which of them are right, the endpoint says."""
    return {"rule": path, "methods": METHODS, "provide_automatic_options": False}


@bp.route(**route(f"{LIVE}/wf/<name>"))
@bp.route(**route(f"/<workspace>{LIVE}/wf/<name>"))
def call(name: str, workspace: str = "main") -> FlaskResponse:
    """Run what is published."""
    return answer_call(Address(name, workspace))


@bp.route(**route(f"{DRAFT}/wf/<name>"))
@bp.route(**route(f"/<workspace>{DRAFT}/wf/<name>"))
def call_draft(name: str, workspace: str = "main") -> FlaskResponse:
    """Run the draft as it is now."""
    return answer_call(Address(name, workspace, is_draft=True))


@bp.get(f"{LIVE}/runs/<run_id>")
@bp.get(f"{DRAFT}/runs/<run_id>")
@bp.get(f"/<workspace>{LIVE}/runs/<run_id>")
@bp.get(f"/<workspace>{DRAFT}/runs/<run_id>")
def show_run(run_id: str, workspace: str = "main") -> FlaskResponse:
    """How a run stands."""
    return send(run_status(workspace, run_id, call_from_request()))


@bp.route(**route(f"{LIVE}/<path:rest>"))
@bp.route(**route(f"{DRAFT}/<path:rest>"))
@bp.route(**route(f"/<workspace>{LIVE}/<path:rest>"))
@bp.route(**route(f"/<workspace>{DRAFT}/<path:rest>"))
def nothing(rest: str, workspace: str = "") -> FlaskResponse:
    """Programs get JSON for a wrong address, not a page."""
    raise Refused(404, "NOT_FOUND", "There is nothing at this address.")


def answer_call(address: Address) -> FlaskResponse:
    doorway = Doorway(read_body, request.content_length, find_editor)
    return send(receive(address, call_from_request(), doorway))


def call_from_request() -> Call:
    """The request as the engine sees it: facts and raw texts."""
    headers = tuple((name.lower(), value) for name, value in request.headers.items())
    return Call(
        method=request.method,
        path=request.path,
        headers=headers,
        query=request.query_string.decode("utf-8", "replace"),
        received_at=clock.now(),
        remote_address=request.remote_addr or "",
    )


def read_body(limit: int) -> bytes:
    """The raw bytes, up to the limit."""
    # Of a body without a length, Werkzeug keeps what fits; one byte more shows that it did not.
    request.max_content_length = limit + 1
    try:
        body = request.get_data(cache=False)
    except RequestEntityTooLarge as error:
        raise BodyTooLarge from error
    if len(body) > limit:
        raise BodyTooLarge
    return body


@bp.after_request
def read_to_the_end(response: FlaskResponse) -> FlaskResponse:
    """Let a caller finish sending what nobody wants.

    One who is cut off in the middle may never see the answer: a proxy makes a 502 of it. And the
    connection stays fit for the next call.
    """
    left = request.content_length or 0
    if left > UNWANTED * config.current().max_body:
        return response
    body, deadline = request.environ["wsgi.input"], time.monotonic() + PATIENCE
    with suppress(OSError):
        while left > 0 and time.monotonic() < deadline:
            piece = body.read(min(left, PIECE))
            if not piece:
                break
            left -= len(piece)
    return response


def find_editor(workspace_id: int) -> Caller | None:
    """Who sits at this browser, if they may run workflows there and no other site sent them."""
    if request.headers.get("Sec-Fetch-Site", "none") not in OWN_SITE:
        return None
    if not current_user.is_authenticated or not i_may(Verb.RUN) or owes_second_factor():
        return None
    signed_in = me()
    if signed_in.workspace.id != workspace_id:
        return None
    return Caller("user", str(signed_in.person.id), signed_in.person.name)


class Answer(FlaskResponse):
    """A response sent as it stands: its length is known, and mostly its address is a URI."""

    def get_wsgi_headers(self, environ: "WSGIEnvironment") -> Headers:
        """Werkzeug looks all of them through for what it might have to mend."""
        is_plain = AS_IT_IS.fullmatch(self.headers.get("Location", ""))
        if is_plain and self.status_code not in WITHOUT_BODY:
            return self.headers
        return super().get_wsgi_headers(environ)


def send(response: Response) -> FlaskResponse:
    """The runtime's response as Flask's."""
    sent = Answer(response.body, response.status, content_type=response.content_type)
    if not response.body:
        del sent.headers["Content-Type"]
    for name, value in response.headers.items():
        sent.headers[name] = value
    sent.headers.setdefault("Cache-Control", "no-store")
    return sent
