"""Whatever goes wrong on the way to an endpoint, a program reads it as JSON."""

import logging
import secrets

from flask import Response as FlaskResponse
from sqlalchemy.exc import DataError
from werkzeug.exceptions import HTTPException

from blueprints.endpoints import bp
from blueprints.endpoints.views import send
from core.runtime.endpoints import Refused
from core.runtime.endpoints.refusals import unavailable
from core.storage.db import UNAVAILABLE, in_short

log = logging.getLogger(__name__)


@bp.errorhandler(Refused)
def on_refused(refused: Refused) -> FlaskResponse:
    return send(refused.response())


@bp.errorhandler(HTTPException)
def on_http_error(error: HTTPException) -> FlaskResponse:
    """A request so broken that it was refused before the endpoint saw it."""
    status = error.code or 400
    name = error.name.upper().replace(" ", "_")
    return send(Refused(status, name, error.description or error.name).response())


@bp.errorhandler(DataError)
def on_unstorable(error: DataError) -> FlaskResponse:
    """A null character in the address, for example: PostgreSQL keeps none."""
    log.info("a call can't be stored: %s", error.orig)
    message = "This call holds a character that can't be stored."
    return send(Refused(400, "INVALID", message).response())


def on_database_error(error: Exception) -> FlaskResponse:
    """Nothing was accepted: what is not committed has not happened."""
    log.error("the database refused a call: %s", in_short(error))
    return send(unavailable("The database does not answer. Try again in a moment.").response())


for unavailable_error in UNAVAILABLE:
    bp.register_error_handler(unavailable_error, on_database_error)


@bp.errorhandler(Exception)
def on_surprise(error: Exception) -> FlaskResponse:
    """Ours: the traceback goes to the log, the caller gets where to find it."""
    reference = secrets.token_hex(4)
    log.error("a call failed", exc_info=error, extra={"reference": reference})
    message = f"This went wrong inside openBuild. The log says more under {reference}."
    return send(Refused(500, "INTERNAL_ERROR", message).response())
