"""Put back what a backup file holds; nothing is sent until somebody presses Start sending.

openBuild must not be running. What was there before is set aside, not deleted.
"""

import argparse
import os
import sqlite3
import tempfile
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from blueprints.cli import Refused
from blueprints.cli.backup import add_passphrase, read_passphrase

if TYPE_CHECKING:
    from core.storage.archive import Manifest, Opened

SIDE_FILES = ("", "-wal", "-shm")


def arguments(parser: argparse.ArgumentParser) -> None:
    """What, and whether it may take the place of something."""
    parser.add_argument("file", type=Path, metavar="FILE")
    add_passphrase(parser)
    parser.add_argument(
        "--replace", action="store_true", help="although there is a database: it is set aside"
    )


def run(options: argparse.Namespace) -> None:
    """Check everything before the first change."""
    from blueprints.cli.supervision.occupation import Occupation
    from core import config
    from core.runtime import backups
    from core.storage import archive

    passphrase = read_passphrase(options.passphrase_file)
    occupation = Occupation(config.current().home)
    try:
        occupation.take()
        with archive.opened(options.file) as backup:
            backups.check_age(backup.manifest)
            keys = backups.keys_in(backup, passphrase)
            put_back(backup, keys, replaces=options.replace)
            manifest = backup.manifest
    except (archive.BadArchive, backups.BackupRefused) as error:
        raise Refused(str(error)) from error
    finally:
        occupation.leave()
    report(manifest, has_keys=keys is not None)


def put_back(backup: "Opened", keys: str | None, *, replaces: bool) -> None:
    """Keys and database, each in its place at once or not at all."""
    from core.storage import copies

    target = copies.database_file()
    if backup.manifest.has_database != (target is not None):
        raise Refused(explain_other_database(backup.manifest.has_database))
    if target is None:
        settle_server(backup.manifest, keys)
        return
    make_way(target, replaces=replaces)
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=target.parent) as room:
        staged = Path(room) / target.name
        backup.unpack_database(staged)
        settle_file(staged, backup.manifest)
        set_aside(target)
        put_keys(keys)
        os.replace(staged, target)


def explain_other_database(has_database: bool) -> str:
    if has_database:
        return (
            "This backup holds an SQLite database, and OPENBUILD_DATABASE_URL names a server. "
            "Restore it where that setting is empty."
        )
    return (
        "This backup is of an installation on PostgreSQL: its database comes back with pg_restore. "
        "Do that first, set OPENBUILD_DATABASE_URL, then restore this file."
    )


def make_way(target: Path, *, replaces: bool) -> None:
    """Refuse to harm what is there."""
    if not target.exists():
        return
    if not replaces and not is_unused(target):
        raise Refused(
            f"There is a database in {target} already. Name another folder with OPENBUILD_HOME, "
            "or say --replace: then the one that is there is set aside."
        )
    check_nobody_is_here()


def is_unused(target: Path) -> bool:
    """Whether it was only made, by some first command: nobody and nothing is in it."""
    try:
        with closing(sqlite3.connect(target)) as database:
            if not database.execute("SELECT 1 FROM sqlite_master").fetchone():
                return True
            in_it = "SELECT EXISTS (SELECT 1 FROM user) OR EXISTS (SELECT 1 FROM run)"
            return not database.execute(in_it).fetchone()[0]
    except sqlite3.DatabaseError:
        return False


def check_nobody_is_here() -> None:
    from blueprints.cli._database import database
    from core.runtime import backups
    from core.storage import migrate

    refusals = database(backups.BackupRefused, changes_tables=False)
    # A damaged database can't say who is here, and nobody can work with it.
    with refusals, suppress(migrate.DatabaseDamaged), migrate.in_words():
        backups.check_nobody_is_here()


def settle_file(staged: Path, manifest: "Manifest") -> None:
    """Bring it to this version's tables and make it hold still, before it gets its name."""
    from blueprints.cli._database import database
    from core import config
    from core.runtime import backups

    usual = config.current()
    config.use(replace(usual, database_url=f"sqlite:///{staged}", keep_backups=0))
    try:
        with database():
            backups.settle(manifest)
    finally:
        config.use(usual)
    with closing(sqlite3.connect(staged)) as database_file:
        database_file.execute("PRAGMA journal_mode=DELETE")


def settle_server(manifest: "Manifest", keys: str | None) -> None:
    """The same for a database that pg_restore has brought back."""
    from blueprints.cli._database import database
    from core.runtime import backups
    from core.storage import migrate

    with database(backups.BackupRefused, changes_tables=False):
        if migrate.revision_here() is None:
            raise Refused(explain_other_database(has_database=False))
        backups.check_nobody_is_here()
        migrate.upgrade()
        backups.settle(manifest)
    put_keys(keys)


def set_aside(target: Path) -> None:
    """Keep the database that was there under another name."""
    from core.storage import copies

    stamp = copies.stamp()
    for side in SIDE_FILES:
        file = target.with_name(target.name + side)
        if file.exists():
            file.rename(target.with_name(f"{target.name}.before-{stamp}{side}"))


def put_keys(keys: str | None) -> None:
    """Put the backup's keys in place; those that were there are kept under another name."""
    from core import config, config_keys
    from core.storage import copies

    settings = config.current()
    file = settings.home / "keys"
    if keys is None or file.read_text() == keys:
        return
    before = config_keys.stored(settings.home)
    file.rename(file.with_name(f"keys.before-{copies.stamp()}"))
    config_keys.replace(file, keys)
    if settings.encryption_keys == before.encryption_keys:
        after = config_keys.stored(settings.home)
        config.use(replace(settings, encryption_keys=after.encryption_keys))


def report(manifest: "Manifest", *, has_keys: bool) -> None:
    """What is there now, what is missing, and what comes next."""
    from blueprints.cli._database import database
    from core.runtime import stored_secrets

    with database():
        locked = stored_secrets.unreadable()
    print(f"Restored as it was at {manifest.made_at}, from openBuild {manifest.version}.")
    if locked:
        print(f"The keys here don't open the secrets of: {', '.join(locked)}.")
        print(what_to_do(manifest, has_keys))
    print(
        "Nothing is sent yet. Start it with ./openbuild up, look around, then press Start sending "
        "on any page."
    )


def what_to_do(manifest: "Manifest", has_keys: bool) -> str:
    from core.runtime import backups

    if has_keys:
        return "Enter them again on the Connections page; for people, ./openbuild users reset-2fa."
    if backups.KEYS in manifest.checksums:
        return "The backup holds them: restore it again with --passphrase-file and --replace."
    return "Put the old machine's file keys into the data folder, or enter the secrets again."
