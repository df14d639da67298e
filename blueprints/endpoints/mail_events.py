"""Where a mail service tells what became of mails: open only for connections that have a key."""

from flask import Response as FlaskResponse
from flask import request

from blueprints.endpoints import bp
from blueprints.endpoints.views import call_from_request, read_body, route, send
from core import config
from core.engine.json_gate import JsonRefused
from core.engine.mail_events import EventCall
from core.runtime import mail_events
from core.runtime.endpoints import BodyTooLarge, Refused, knocks
from core.runtime.endpoints.responses import json_response
from core.runtime.mail_events import NotEvents, NotGenuine

PROOF = {"WWW-Authenticate": 'Basic realm="openBuild"'}


@bp.route(**route("/mail-events/<token>"))
def tell(token: str) -> FlaskResponse:
    """Take what is new; whatever is told twice is taken once."""
    knocks.check(request.remote_addr or "")
    connection = mail_events.opened(token)
    if connection is None:
        knocks.count_wrong(request.remote_addr or "")
        raise Refused(404, "NOT_FOUND", "There is nothing at this address.")
    if request.method != "POST":
        message = "Events are sent by POST."
        raise Refused(405, "METHOD_NOT_ALLOWED", message, headers={"Allow": "POST"})
    headers = dict(call_from_request().headers)
    try:
        taken = mail_events.receive(connection, EventCall(headers, read_events()))
    except NotGenuine as refused:
        knocks.count_wrong(request.remote_addr or "")
        message = "Nothing proves that this call is the mail service's."
        raise Refused(401, "NOT_AUTHORIZED", message, headers=PROOF) from refused
    except NotEvents as refused:
        message = "These are not the events of this mail service."
        raise Refused(400, "INVALID", message) from refused
    except JsonRefused as refused:
        message = f"The body is not valid JSON: {refused}."
        raise Refused(400, "INVALID_JSON", message) from refused
    return send(json_response(200, {"status": "success", "taken": taken}))


def read_events() -> bytes:
    """The raw bytes: what is signed."""
    limit = min(config.current().max_body, mail_events.LARGEST_BODY)
    try:
        return read_body(limit)
    except BodyTooLarge as error:
        message = f"The body is larger than {limit:,} bytes."
        raise Refused(413, "BODY_TOO_LARGE", message) from error
