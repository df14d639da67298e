"""The list of connections, and the drawer in which one is made or changed."""

from flask import abort, request, url_for
from werkzeug.wrappers import Response

from blueprints.access import current_person, current_workspace, found
from blueprints.connections import bp, listing
from blueprints.hypermedia import go_to, render
from core.connectors import connectors
from core.engine.connector import Connector
from core.runtime import connections
from core.runtime.connections import ConnectionRefused, Values
from core.storage.connection import Connection
from core.storage.db import db

INDEX = "connections/index.html"
LIST = "connections/_list.html"
KINDS = "connections/_kinds.html"
NEW = "connections/_new.html"
DRAWER = "connections/_drawer.html"


@bp.get("")
def index() -> Response:
    return render(INDEX, LIST, **shown())


@bp.get("/new")
def new() -> Response:
    """Choose a kind, then fill in its form."""
    if "type" not in request.args:
        return render(INDEX, KINDS, dialog=KINDS, **shown())
    connector = connector_of(request.args["type"])
    return answer_new(connector, {"fields": connector.defaults}, {})


@bp.post("")
def create() -> Response:
    connector = connector_of(request.form.get("type", ""))
    values, name = values_of(connector), request.form.get("name", "").strip()
    try:
        connection = connections.create(
            current_workspace().id,
            name or connections.name_for(values.label),
            connector.key,
            values=values,
            by=current_person().name,
        )
    except ConnectionRefused as refused:
        return answer_new(connector, typed(values, name), refused.problems, status=422)
    return go_to(url_for("connections.index"), toast=f"“{connection.label}” can be used now")


@bp.get("/<int:connection_id>")
def show(connection_id: int) -> Response:
    connection = visible_connection(connection_id)
    present = {"label": connection.label, "fields": connection.fields}
    return answer_drawer(connection, present, {})


@bp.post("/<int:connection_id>")
def change(connection_id: int) -> Response:
    connection = visible_connection(connection_id)
    values = values_of(connector_of(connection.type))
    removed = frozenset(request.form.getlist("remove"))
    try:
        connections.update(connection, values, by=current_person().name, removed=removed)
    except ConnectionRefused as refused:
        return answer_drawer(connection, typed(values), refused.problems, status=422)
    return go_to(url_for("connections.index"), toast="Connection saved")


def visible_connection(connection_id: int) -> Connection:
    """The connection, if it is in this person's workspace; else 404."""
    return found(
        db.session.scalar(
            db.select(Connection).where(
                Connection.id == connection_id,
                Connection.workspace_id == current_workspace().id,
            )
        )
    )


def answer_new(
    connector: Connector, typed: dict[str, object], problems: dict[str, str], *, status: int = 200
) -> Response:
    return render(
        INDEX,
        NEW,
        status=status,
        dialog=NEW,
        connector=connector,
        typed=typed,
        problems=problems,
        **shown(),
    )


def answer_drawer(
    connection: Connection,
    typed: dict[str, object],
    problems: dict[str, str],
    *,
    status: int = 200,
    trial: object = None,
) -> Response:
    users = connections.used_by(connection.workspace_id, connection.name)
    return render(
        INDEX,
        DRAWER,
        status=status,
        dialog=DRAWER,
        row=listing.row_of(connection, users),
        typed=typed,
        problems=problems,
        trial=trial,
        **shown(),
    )


def shown() -> dict[str, object]:
    """What the list and the choice of kinds need."""
    return {
        "rows": listing.rows(current_workspace().id),
        "kinds": sorted(connectors().values(), key=lambda connector: connector.label),
    }


def connector_of(type: str) -> Connector:
    return connectors().get(type) or abort(404)


def values_of(connector: Connector) -> Values:
    """What the form holds; a field that isn't there was not shown."""
    form = request.form
    return Values(
        label=form.get("label", ""),
        fields={
            field.key: form[f"field-{field.key}"].strip()
            for field in connector.plain_fields
            if f"field-{field.key}" in form
        },
        secrets={
            field.key: form[f"secret-{field.key}"].strip()
            for field in connector.secret_fields
            if form.get(f"secret-{field.key}", "").strip()
        },
    )


def typed(values: Values, name: str = "") -> dict[str, object]:
    """What was typed, to be shown again: never the secrets."""
    return {"label": values.label, "name": name, "fields": values.fields}
