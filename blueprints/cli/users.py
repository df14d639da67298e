"""Create, list and disable people, and let back in who is locked out."""

import argparse
from typing import TYPE_CHECKING

from blueprints.cli import Refused, add_json, add_workspace, verbs

if TYPE_CHECKING:
    from core.storage.user import User

ROLES = ("owner", "admin", "editor", "viewer")


def arguments(parser: argparse.ArgumentParser) -> None:
    """The verbs with who they are about."""
    made = verbs(
        parser,
        create=create,
        list=list_all,
        disable=disable,
        set_password=set_password,
        reset_2fa=reset_2fa,
    )
    made["create"].add_argument("--email", required=True)
    for name in ("disable", "set_password", "reset_2fa"):
        who = made[name].add_mutually_exclusive_group(required=True)
        who.add_argument("email", nargs="?", metavar="EMAIL", help="who it is about")
        who.add_argument("--email", dest="email_option", metavar="EMAIL", help="the same, named")
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
    from core.storage.second_factor import SecondFactor
    from core.storage.user import User

    with database():
        protected = SecondFactor.protected()
        rows = [
            {
                "email": user.email,
                "name": user.name,
                "role": found.role if (found := Membership.first_of(user.id)) else None,
                "two_factor": user.id in protected,
                "created_at": moment(user.created_at),
                "disabled_at": moment(user.disabled_at),
            }
            for user in User.everybody()
        ]
    columns = "email name role two_factor created_at disabled_at"
    print_rows(rows, as_json=options.json, columns=columns)


def disable(options: argparse.Namespace) -> None:
    """Keep a person out from now on"""
    from blueprints.cli._database import database
    from core.runtime import users

    with database():
        found = person(options)
        users.disable(found)
        print(f"{found.email} can't sign in any more.")


def set_password(options: argparse.Namespace) -> None:
    """Give a person a new password; all their sessions end"""
    from blueprints.cli._database import database
    from blueprints.cli._printing import read_secret
    from core.runtime import users

    password = read_secret("password", from_stdin=options.password_stdin)
    with database(users.InvalidPerson):
        found = person(options)
        users.set_password(found, password)
        print(f"{found.email} has a new password.")


def reset_2fa(options: argparse.Namespace) -> None:
    """Take two-factor sign-in from who lost the phone and the codes; all their sessions end"""
    from blueprints.cli._database import database
    from core.runtime import second_factor_changes

    with database():
        found = person(options)
        if second_factor_changes.reset(found):
            print(f"{found.email} signs in with the password alone now, and can set it up anew.")
        else:
            print(f"{found.email} had no two-factor sign-in. All their sessions are ended.")


def person(options: argparse.Namespace) -> "User":
    """The person whom a command is about."""
    from core.storage.user import User

    email = options.email or options.email_option
    found = User.with_email(email)
    if found is None:
        raise Refused(f"Nobody here has the email {email}.")
    return found
