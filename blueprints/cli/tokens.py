"""Make, list and revoke the keys with which other programs call."""

import argparse
from datetime import timedelta

from blueprints.cli import Refused, add_json, add_workspace, verbs


def arguments(parser: argparse.ArgumentParser) -> None:
    """The verbs with what they need."""
    made = verbs(parser, create=create, list=list_all, revoke=revoke)
    made["create"].add_argument("--name", required=True)
    made["create"].add_argument(
        "--scope", action="append", default=[], metavar="S", help="such as run:order-intake"
    )
    made["create"].add_argument("--expires", type=length, metavar="90d")
    made["revoke"].add_argument("id", help="the eight characters after ob_, or the whole key")
    add_workspace(*made.values())
    add_json(made["list"])


def length(word: str) -> timedelta:
    """A length of time such as 90d."""
    from core.config_values import duration

    try:
        return duration(word)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def create(options: argparse.Namespace) -> None:
    """Make a key and print it once, alone"""
    from blueprints.cli._database import WHO, database, workspace
    from core import clock
    from core.runtime import tokens

    expires = clock.now() + options.expires if options.expires else None
    with database(tokens.TokenRefused):
        room = workspace(options.workspace)
        _, text = tokens.create(
            room.id, options.name, options.scope, expires=expires, created_by=WHO
        )
        print(text)


def list_all(options: argparse.Namespace) -> None:
    """List the keys that nobody has revoked"""
    from blueprints.cli._database import database, workspace
    from blueprints.cli._printing import moment, print_rows
    from core.runtime import tokens

    with database():
        rows = [
            {
                "id": token.id,
                "name": token.name,
                "scopes": token.scopes,
                "created_at": moment(token.created_at),
                "expires_at": moment(token.expires_at),
                "last_used_at": moment(token.last_used_at),
            }
            for token in tokens.listing(workspace(options.workspace).id)
        ]
    print_rows(rows, as_json=options.json, columns="id name scopes expires_at last_used_at")


def revoke(options: argparse.Namespace) -> None:
    """End a key now, in every process"""
    from blueprints.cli._database import WHO, database, workspace
    from core.runtime import tokens
    from core.storage.token import Token

    public = options.id.split("_")[1] if options.id.startswith("ob_") else options.id
    with database():
        token = Token.in_workspace(workspace(options.workspace).id, public)
        if token is None:
            raise Refused(f"There is no key {public}.")
        tokens.revoke(token, by=WHO)
        print(f"{token.beginning} opens nothing any more.")
