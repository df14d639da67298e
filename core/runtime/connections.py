"""Create, change and delete connections; their secrets go in and never come out to a page."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from core import clock
from core.connectors import connectors
from core.engine.connector import Connector
from core.runtime.gateways import secrets as vault
from core.storage.connection import Connection
from core.storage.db import db, transaction
from core.storage.workflow import Version, Workflow

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
LONGEST_VALUE = 20_000


class ConnectionRefused(Exception):
    """Values that can't be stored; `problems` says by field what is wrong."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = dict(problems)


class ConnectionInUse(Exception):
    """A connection that workflows still use can't be deleted."""

    def __init__(self, users: list[Workflow]) -> None:
        labels = ", ".join(f"“{workflow.label}”" for workflow in users)
        super().__init__(f"It is still used by {labels}. Choose another connection there first.")
        self.users = users


@dataclass(frozen=True, slots=True)
class Values:
    """What a form or a command gives: the label, plain fields, and secrets that are to be set."""

    label: str
    fields: Mapping[str, Any]
    secrets: Mapping[str, str] = field(repr=False)


def create(workspace_id: int, name: str, type: str, *, values: Values, by: str) -> Connection:
    """Store a new connection; raises ConnectionRefused."""
    connector = _connector(type)
    if not NAME.fullmatch(name):
        raise ConnectionRefused({"name": "Use small letters, digits, - and _, at most 64."})
    fields = _checked(connector, values, frozenset())
    now = clock.now()
    with transaction() as session:
        if Connection.named(workspace_id, name):
            raise ConnectionRefused({"name": f"There is a connection “{name}” already."})
        given = _given(values.secrets)
        connection = Connection(
            workspace_id=workspace_id,
            name=name,
            type=type,
            label=values.label.strip() or name,
            fields=fields,
            secret_keys=sorted(given),
            secret_ciphertext=vault.seal(given, purpose(workspace_id, name)),
            secret_set_at=now,
            secret_set_by=by,
            created_at=now,
            updated_at=now,
        )
        session.add(connection)
    return connection


def update(connection: Connection, values: Values, *, by: str, removed: frozenset[str]) -> None:
    """Change a connection; secrets not given stay, unless removed or led to another address."""
    connector = _connector(connection.type)
    kept = frozenset(connection.secret_keys) - removed
    fields = _checked(connector, values, kept)
    given = _given(values.secrets)
    if _leads_elsewhere(connector, connection.fields, fields) and kept - set(given):
        # Whoever may change the address must not be able to have a stored key sent to it.
        key = min(kept - set(given))
        label = next(field.label for field in connector.fields if field.key == key)
        raise ConnectionRefused({key: f"The address has changed: enter “{label}” again."})
    with transaction():
        if given or removed & set(connection.secret_keys):
            stored = {k: v for k, v in secrets_in(connection).items() if k in kept} | given
            _store_secrets(connection, stored, by)
        connection.label = values.label.strip() or connection.name
        connection.fields = fields
        connection.updated_at = clock.now()


def name_for(label: str) -> str:
    """A name made of a label: “Company CRM” becomes company-crm."""
    plain = unicodedata.normalize("NFKD", label.lower()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:64]


def delete(connection: Connection) -> None:
    """Forget a connection and its secret; raises ConnectionInUse."""
    with transaction() as session:
        users = used_by(connection.workspace_id, connection.name)
        if users:
            raise ConnectionInUse(users)
        session.delete(connection)


def listing(workspace_id: int) -> list[Connection]:
    """All connections of the workspace, by label; without their secrets."""
    return Connection.of_workspace(workspace_id)


def used_by(workspace_id: int, name: str) -> list[Workflow]:
    """The workflows whose draft or live version names the connection."""
    return users_of(workspace_id).get(name, [])


def users_of(workspace_id: int) -> dict[str, list[Workflow]]:
    """For every connection that is named anywhere: the workflows that do, by label."""
    users: dict[str, list[Workflow]] = {}
    workflows = Workflow.of_workspace(workspace_id)
    live = _live_versions(workflows)
    for workflow in workflows:
        for name in sorted({*_names_in(workflow.draft), *_names_in(live.get(workflow.id))}):
            users.setdefault(name, []).append(workflow)
    return users


def secrets_of(workspace_id: int, name: str) -> Mapping[str, str]:
    """The secrets of a connection, for gateways alone; raises LookupError when there is none."""
    connection = Connection.named(workspace_id, name)
    if connection is None:
        raise LookupError(f"There is no connection “{name}”.")
    return secrets_in(connection)


def secrets_in(connection: Connection) -> dict[str, str]:
    """The secrets of this connection; raises SecretsUnreadable."""
    place = purpose(connection.workspace_id, connection.name)
    return vault.unseal(connection.secret_ciphertext, place)


def purpose(workspace_id: int, name: str) -> str:
    """What a connection's secrets are sealed for: a stolen row opens nowhere else."""
    return f"connection:{workspace_id}:{name}"


def reseal_all() -> int:
    """Encrypt every secret with the newest key; says how many."""
    with transaction() as session:
        connections = list(session.scalars(db.select(Connection)))
        for connection in connections:
            connection.secret_ciphertext = vault.reseal(connection.secret_ciphertext)
    return len(connections)


def unreadable() -> list[str]:
    """The names of all connections whose secrets don't open with the present keys."""
    names = []
    for connection in db.session.scalars(db.select(Connection).order_by(Connection.name)):
        try:
            secrets_in(connection)
        except vault.SecretsUnreadable:
            names.append(connection.name)
    return names


def _connector(type: str) -> Connector:
    connector = connectors().get(type)
    if connector is None:
        known = ", ".join(connectors())
        raise ConnectionRefused({"type": f"There is no kind “{type}”. Choose one of {known}."})
    return connector


def _checked(connector: Connector, values: Values, kept: frozenset[str]) -> dict[str, Any]:
    """The plain fields that matter, complete and right; else ConnectionRefused."""
    known = {declared.key: declared for declared in connector.fields}
    plain = {declared.key for declared in connector.plain_fields}
    fields = connector.defaults | {k: v for k, v in values.fields.items() if v not in (None, "")}
    problems = {
        key: f"There is no field “{key}” in “{connector.label}”."
        for key in {*values.fields, *values.secrets} - set(known)
    }
    for key in set(fields) & set(known) - plain:
        problems[key] = "This is a secret; it can't be stored readable."
    present = fields | dict.fromkeys(kept, "•") | _given(values.secrets)
    for declared in connector.fields:
        if not declared.is_shown(fields, connector.defaults):
            fields.pop(declared.key, None)
        elif problem := _problem(declared, present.get(declared.key)):
            problems.setdefault(declared.key, problem)
    problems = problems or dict(connector.problems(fields))
    if problems:
        raise ConnectionRefused(problems)
    return fields


def _problem(declared: Any, value: Any) -> str | None:
    if value in (None, ""):
        return f"{declared.label} is missing." if declared.required else None
    if len(str(value)) > LONGEST_VALUE:
        return f"{declared.label} is longer than {LONGEST_VALUE:,} characters."
    if declared.choices and value not in {choice for choice, _ in declared.choices}:
        known = ", ".join(choice for choice, _ in declared.choices)
        return f"{declared.label}: choose one of {known}."
    return None


def _given(secrets: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in secrets.items() if value}


def _leads_elsewhere(connector: Connector, before: Any, after: Mapping[str, Any]) -> bool:
    return connector.addresses(before) != connector.addresses(after)


def _store_secrets(connection: Connection, secrets: Mapping[str, str], by: str) -> None:
    place = purpose(connection.workspace_id, connection.name)
    connection.secret_ciphertext = vault.seal(secrets, place)
    connection.secret_keys = sorted(secrets)
    connection.secret_set_at = clock.now()
    connection.secret_set_by = by


def _live_versions(workflows: list[Workflow]) -> dict[int, Any]:
    ids = [workflow.published_id for workflow in workflows if workflow.published_id]
    rows = db.session.execute(
        db.select(Version.workflow_id, Version.content).where(Version.id.in_(ids))
    )
    return {workflow_id: content for workflow_id, content in rows}


def _names_in(part: Any) -> Iterator[str]:
    """Every connection that a definition names, wherever in it."""
    if isinstance(part, Mapping):
        for key, value in part.items():
            if key == "connection" and isinstance(value, str):
                yield value
            else:
                yield from _names_in(value)
    elif isinstance(part, list):
        for item in part:
            yield from _names_in(item)
