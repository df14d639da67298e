"""Try a connection: one harmless request, and what came of it in words."""

from flask import abort
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


@bp.post("/<int:connection_id>/trial")
def attempt(connection_id: int) -> Response:
    connection = visible_connection(connection_id)
    trial = trials.of_connection(connection)
    if trial is None:
        abort(404)
    # What was typed meanwhile stays, though the trial used what is stored.
    present = typed(values_of(connector_of(connection.type)))
    return answer_drawer(connection, present, {}, trial=trial)
