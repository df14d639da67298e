"""The address of a step that waits for an answer from outside: it is called once, by POST."""

from dataclasses import replace

from flask import Response as FlaskResponse
from flask import request

from blueprints.endpoints import bp
from blueprints.endpoints.views import call_from_request, read_body, route, send
from core import config
from core.engine import answers
from core.runtime import callbacks
from core.runtime.endpoints import BodyTooLarge, Refused, bodies, knocks
from core.runtime.endpoints.responses import json_response

TAKEN = ("POST", "PUT")
SAID = {
    callbacks.ACCEPTED: (200, "accepted", "The run goes on with this answer."),
    callbacks.AGAIN: (200, "answered_already", "This was answered before; nothing was changed."),
    callbacks.TOO_LATE: (410, "expired", "The time for this answer is over."),
    callbacks.ENDED: (410, "ended", "The run has ended, or waits for this no longer."),
}


@bp.route(**route("/callbacks/<token>"))
def answer(token: str) -> FlaskResponse:
    """Take the answer; whoever only looks at the address changes nothing."""
    knocks.check(request.remote_addr or "")
    place = callbacks.place_of(answers.CALL, token)
    if place is None:
        knocks.count_wrong(request.remote_addr or "")
        raise Refused(404, "NOT_FOUND", "There is nothing at this address.")
    if request.method not in TAKEN:
        allow = {"Allow": ", ".join(TAKEN)}
        raise Refused(405, "METHOD_NOT_ALLOWED", "Send the answer by POST.", headers=allow)
    status, word, sentence = SAID[callbacks.receive(place, read_answer())]
    return send(json_response(status, {"status": word, "message": sentence}))


def read_answer() -> object:
    """The body's value: JSON, a form, or text."""
    limit = config.current().max_body
    try:
        raw = read_body(limit)
    except BodyTooLarge as error:
        message = f"The body is larger than {limit:,} bytes."
        raise Refused(413, "BODY_TOO_LARGE", message) from error
    call = replace(call_from_request(), body=raw)
    return bodies.read(call, bodies.check_type(call), takes_text=True).value
