"""Bring a database to this version's tables."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from sqlalchemy import text
from sqlalchemy.exc import DatabaseError, OperationalError, ProgrammingError

from core import config
from core.storage import archive, copies
from core.storage.db import damage, read_connection, write_connection

FOLDER = Path(__file__).parent / "migrations"
REVISION = re.compile(r'^(revision|down_revision) = "(\w+)"', re.MULTILINE)
ONE_AT_A_TIME = 0x6F70656E  # a number that nobody else uses as a lock
log = logging.getLogger(__name__)


class DatabaseTooNew(Exception):
    """The database was changed by a newer openBuild than this one."""


class DatabaseAway(Exception):
    """The database could not be reached, so nobody knows which tables it has."""


class DatabaseDamaged(DatabaseAway):
    """SQLite can't read the database's file."""


class NotCopied(Exception):
    """The copy that is made before the tables change could not be made."""


def upgrade() -> None:
    """Run the migrations that are missing; raises DatabaseAway, DatabaseTooNew or NotCopied."""
    with in_words():
        if revision_here() != newest_revision():
            bring_up_to_date()


@contextmanager
def in_words() -> Iterator[None]:
    """Say what is wrong with a database that can't be asked; raises DatabaseAway."""
    try:
        yield
    except OperationalError as error:
        raise DatabaseAway(f"The database doesn't answer: {error.orig}") from error
    except DatabaseError as error:
        if not (said := damage(error)):
            raise
        raise DatabaseDamaged(
            f"The database is damaged: {said}. Put a backup in its place with ./openbuild restore "
            f"FILE --replace; copies are in {config.current().home / 'backups'}."
        ) from error


def bring_up_to_date() -> None:
    with copies.one_at_a_time(waits=True):
        here = revision_here()
        check_known(here)
        if here is not None and here != newest_revision():
            copy_before_change(here)
        run_migrations()


def check_known(revision: str | None) -> None:
    """Raise DatabaseTooNew when only a newer version can know that revision."""
    if revision is not None and revision not in known_revisions():
        raise DatabaseTooNew(
            "The database was changed by a newer openBuild; start that one, "
            "or restore the copy that it made in backups/ before it changed it."
        )


def copy_before_change(revision: str) -> None:
    """Keep what the older version can read; raises NotCopied."""
    if not config.current().keep_backups:
        return
    try:
        made = copies.make(copies.BEFORE, f"{newest_revision()}-{copies.stamp()}", revision)
    except (archive.BadArchive, archive.NoRoom, OSError) as error:
        raise NotCopied(
            f"The tables have to change for this version, and a copy of the database can't be "
            f"made before: {error} Make room, or set OPENBUILD_KEEP_BACKUPS=0 to go without."
        ) from error
    if made:
        log.info("the database changes for this version; a copy of what it was is in %s", made)
    else:
        log.warning("the database changes for this version; it is a server's, so not copied here")


def run_migrations() -> None:
    # Alembic takes longer to import than most commands take altogether.
    from alembic import command
    from alembic.config import Config
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    settings = Config()
    settings.set_main_option("script_location", str(FOLDER))
    scripts = ScriptDirectory.from_config(settings)
    with write_connection() as connection:
        if connection.dialect.name == "postgresql":  # machines that start at once share no file
            connection.execute(text("SET LOCAL lock_timeout = 0"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:one)"), {"one": ONE_AT_A_TIME})
        current = MigrationContext.configure(connection).get_current_revision()
        if current == scripts.get_current_head():
            return
        settings.attributes["connection"] = connection
        command.upgrade(settings, "head")


def revision_here() -> str | None:
    """The revision that the database has, or None when it is empty."""
    try:
        with read_connection() as connection:
            query = text("SELECT version_num FROM alembic_version")
            found: str | None = connection.execute(query).scalar_one_or_none()
            return found
    except (OperationalError, ProgrammingError):
        return None


def newest_revision() -> str:
    """The revision that this version has: the one that no other follows."""
    named = revisions()
    (newest,) = {each["revision"] for each in named} - {
        each["down_revision"] for each in named if "down_revision" in each
    }
    return newest


def known_revisions() -> set[str]:
    """All revisions that this version has or comes from."""
    return {each["revision"] for each in revisions()}


def revisions() -> list[dict[str, str]]:
    versions = (FOLDER / "versions").glob("*.py")
    return [dict(REVISION.findall(file.read_text())) for file in versions]


def load_tables() -> None:
    """Import every module of this folder, so that its tables are known."""
    for module in iter_modules([str(FOLDER.parent)]):
        if not module.ispkg:
            import_module(f"core.storage.{module.name}")
