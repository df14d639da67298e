"""Try a connection: one harmless request or mail, and what came of it in words."""

from flask import abort, request
from werkzeug.wrappers import Response

from blueprints.connections import bp
from blueprints.connections.views import (
    answer_drawer,
    connector_of,
    typed,
    values_of,
    visible_connection,
)
from core.runtime import trials
from core.runtime.trials import Trial
from core.storage.connection import Connection


@bp.post("/<int:connection_id>/trial")
def attempt(connection_id: int) -> Response:
    connection = visible_connection(connection_id)
    return answer(connection, trials.of_connection(connection))


@bp.post("/<int:connection_id>/test-mail")
def send_test_mail(connection_id: int) -> Response:
    connection = visible_connection(connection_id)
    return answer(connection, trials.of_mailbox(connection, request.form.get("test-to", "")))


def answer(connection: Connection, trial: Trial | None) -> Response:
    if trial is None:
        abort(404)
    # What was typed meanwhile stays, though the trial used what is stored.
    present = typed(values_of(connector_of(connection.type)))
    return answer_drawer(connection, present, {}, trial=trial)
