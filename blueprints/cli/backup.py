"""Write a backup file: the database, and the keys when a passphrase is given.

openBuild may go on running. The keys open the secrets that are stored in the database; they are
encrypted with the passphrase, and left out when there is none.
"""

import argparse
from pathlib import Path

from blueprints.cli import Refused


def arguments(parser: argparse.ArgumentParser) -> None:
    """Where to, and what encrypts the keys."""
    parser.add_argument("file", type=Path, metavar="FILE")
    add_passphrase(parser)


def add_passphrase(parser: argparse.ArgumentParser) -> None:
    """Let this command read a passphrase."""
    parser.add_argument(
        "--passphrase-file", type=Path, metavar="FILE", help="its first line opens the keys"
    )


def run(options: argparse.Namespace) -> int:
    """Write it, and say what is in it and what is not."""
    from blueprints.cli._database import database
    from core.runtime import backups

    passphrase = read_passphrase(options.passphrase_file)
    with database(backups.BackupRefused, changes_tables=False):
        manifest = backups.back_up(options.file.absolute(), passphrase)
    has_keys = passphrase is not None
    print(f"Written to {options.file}: {contents(manifest.has_database, has_keys)}.")
    if not has_keys:
        print(without_keys())
    if not manifest.has_database:
        raise Refused(dump_line())
    return 0


def read_passphrase(file: Path | None) -> str | None:
    """The first line of the file."""
    if file is None:
        return None
    try:
        return (file.read_text().splitlines() or [""])[0].strip()
    except OSError as error:
        raise Refused(f"The passphrase in {file} can't be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise Refused(f"The passphrase in {file} can't be read: it is not text.") from error


def contents(has_database: bool, has_keys: bool) -> str:
    """What is in it, in words."""
    parts = ["the database"] * has_database + ["the keys, which the passphrase opens"] * has_keys
    return " and ".join(parts)


def without_keys() -> str:
    """What is missing, and how to have it."""
    from core import config

    return (
        "The keys are not in it. Without them, secrets of connections have to be entered again "
        f"after a restore elsewhere: add --passphrase-file, or keep {config.current().home}/keys "
        "in another safe place."
    )


def dump_line() -> str:
    """How the rest is saved: it is PostgreSQL's."""
    from sqlalchemy.engine import make_url

    from core import config

    url = make_url(config.current().database_url).set(drivername="postgresql", password=None)
    return (
        "The database is PostgreSQL, so it is not in this file. Save it with\n"
        f"  pg_dump --format=custom --file=openbuild.dump '{url.render_as_string()}'"
    )
