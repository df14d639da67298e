"""Create, list and disable people, and give them new passwords."""

import argparse
from typing import TYPE_CHECKING

from blueprints.cli import Refused, add_json, add_workspace, verbs

if TYPE_CHECKING:
    from core.storage.user import User

ROLES = ("owner", "admin", "editor", "viewer")


def arguments(parser: argparse.ArgumentParser) -> None:
    """The verbs with who they are about."""
    made = verbs(parser, create=create, list=list_all, disable=disable, set_password=set_password)
    for name in ("create", "disable", "set_password"):
        made[name].add_argument("--email", required=True)
    for name in ("create", "set_password"):
        made[name].add_argument("--password-stdin", action="store_true")
    made["create"].add_argument("--name", default="", help="how pages call the person")
    made["create"].add_argument("--role", choices=ROLES, default="editor")
    add_workspace(made["create"])
    add_json(made["list"])


def create(options: argparse.Namespace) -> None:
    """Create a person in a workspace"""
    from blueprints.cli._database import database, workspace
    from blueprints.cli._printing import read_secret
    from core.runtime import users
    from core.storage.membership import Role

    password = read_secret("password", from_stdin=options.password_stdin)
    person = users.NewPerson(email=options.email, password=password, name=options.name)
    with database(users.InvalidPerson):
        users.create(person, Role(options.role), workspace(options.workspace).id)
        print(f"Created {options.email} as {options.role}.")


def list_all(options: argparse.Namespace) -> None:
    """List everybody"""
    from blueprints.cli._database import database
    from blueprints.cli._printing import moment, print_rows
    from core.storage.membership import Membership
    from core.storage.user import User

    with database():
        rows = [
            {
                "email": user.email,
                "name": user.name,
                "role": found.role if (found := Membership.first_of(user.id)) else None,
                "created_at": moment(user.created_at),
                "disabled_at": moment(user.disabled_at),
            }
            for user in User.everybody()
        ]
    print_rows(rows, as_json=options.json, columns="email name role created_at disabled_at")


def disable(options: argparse.Namespace) -> None:
    """Keep a person out from now on"""
    from blueprints.cli._database import database
    from core.runtime import users

    with database():
        users.disable(person(options.email))
        print(f"{options.email} can't sign in any more.")


def set_password(options: argparse.Namespace) -> None:
    """Give a person a new password; all their sessions end"""
    from blueprints.cli._database import database
    from blueprints.cli._printing import read_secret
    from core.runtime import users

    password = read_secret("password", from_stdin=options.password_stdin)
    with database(users.InvalidPerson):
        users.set_password(person(options.email), password)
        print(f"{options.email} has a new password.")


def person(email: str) -> "User":
    """The person with that email."""
    from core.storage.user import User

    found = User.with_email(email)
    if found is None:
        raise Refused(f"Nobody here has the email {email}.")
    return found
