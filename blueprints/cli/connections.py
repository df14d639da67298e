"""Set, list and delete stored accesses to other services."""

import argparse
from collections.abc import Mapping

from blueprints.cli import Refused, add_json, add_workspace, verbs


def arguments(parser: argparse.ArgumentParser) -> None:
    """The verbs with what they need."""
    made = verbs(parser, set=set_one, list=list_all, delete=delete)
    for name in ("set", "delete"):
        made[name].add_argument("name", metavar="NAME")
    made["set"].add_argument("--type", required=True, metavar="T", help="such as http_api")
    made["set"].add_argument("--label", default="")
    made["set"].add_argument("--field", action="append", default=[], type=pair, metavar="K=V")
    made["set"].add_argument(
        "--secret-stdin", action="store_true", help="read the secret, or lines KEY=SECRET"
    )
    add_workspace(*made.values())
    add_json(made["list"])


def pair(word: str) -> tuple[str, str]:
    """A field and its value."""
    key, equals, value = word.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError("write field=value")
    return key, value


def set_one(options: argparse.Namespace) -> None:
    """Create a connection or change it; secrets that are not given stay"""
    from blueprints.cli._database import WHO, database, workspace
    from core.runtime import connections
    from core.storage.connection import Connection

    with database(connections.ConnectionRefused):
        room = workspace(options.workspace)
        existing = Connection.named(room.id, options.name)
        if existing and existing.type != options.type:
            raise Refused(f"“{options.name}” is of the kind {existing.type}; delete it first.")
        values = connections.Values(
            label=options.label or (existing.label if existing else ""),
            fields={**(existing.fields if existing else {}), **dict(options.field)},
            secrets=secrets(options.type) if options.secret_stdin else {},
        )
        if existing:
            connections.update(existing, values, by=WHO, removed=frozenset())
        else:
            connections.create(room.id, options.name, options.type, values=values, by=WHO)
        print(f"{'Changed' if existing else 'Created'} {options.name}.")


def secrets(type: str) -> Mapping[str, str]:
    """What stands on standard input: the one secret of this kind, or lines KEY=SECRET."""
    from blueprints.cli._printing import read_secret
    from core.connectors import connectors

    given = read_secret("secret", from_stdin=True)
    kind = connectors().get(type)
    keys = [field.key for field in kind.secret_fields] if kind else []
    lines = dict(line.partition("=")[::2] for line in given.splitlines())
    if lines and set(lines) <= set(keys):
        return lines
    if len(keys) > 1:
        raise Refused(f"Write a line for each secret: {', '.join(key + '=…' for key in keys)}")
    return {key: given for key in keys}


def list_all(options: argparse.Namespace) -> None:
    """List the connections, without their secrets"""
    from blueprints.cli._database import database, workspace
    from blueprints.cli._printing import moment, print_rows
    from core.runtime import connections

    with database():
        rows = [
            {
                "name": connection.name,
                "label": connection.label,
                "type": connection.type,
                "fields": connection.fields,
                "secrets": connection.secret_keys,
                "updated_at": moment(connection.updated_at),
            }
            for connection in connections.listing(workspace(options.workspace).id)
        ]
    print_rows(rows, as_json=options.json, columns="name type label secrets updated_at")


def delete(options: argparse.Namespace) -> None:
    """Forget a connection and its secret, unless a workflow uses it"""
    from blueprints.cli._database import database, workspace
    from core.runtime import connections
    from core.storage.connection import Connection

    with database(connections.ConnectionInUse):
        found = Connection.named(workspace(options.workspace).id, options.name)
        if found is None:
            raise Refused(f"There is no connection “{options.name}”.")
        connections.delete(found)
        print(f"Deleted {options.name}.")
