"""Delete a connection: asked before, refused while workflows use it."""

from flask import url_for
from werkzeug.wrappers import Response

from blueprints.connections import bp
from blueprints.connections.views import INDEX, shown, visible_connection
from blueprints.hypermedia import go_to, render
from core.runtime import connections
from core.runtime.connections import ConnectionInUse

DIALOG = "connections/_delete.html"


@bp.get("/<int:connection_id>/deletion")
def confirm_deletion(connection_id: int) -> Response:
    return answer_dialog(connection_id)


@bp.post("/<int:connection_id>/deletion")
def delete(connection_id: int) -> Response:
    connection = visible_connection(connection_id)
    try:
        connections.delete(connection)
    except ConnectionInUse:
        return answer_dialog(connection_id, status=422)
    return go_to(url_for("connections.index"), toast=f"“{connection.label}” is deleted")


def answer_dialog(connection_id: int, *, status: int = 200) -> Response:
    connection = visible_connection(connection_id)
    users = connections.used_by(connection.workspace_id, connection.name)
    return render(
        INDEX,
        DIALOG,
        status=status,
        dialog=DIALOG,
        connection=connection,
        users=users,
        **shown(),
    )
