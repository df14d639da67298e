"""Bring a database to this version's tables."""

import re
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from sqlalchemy import text
from sqlalchemy.exc import OperationalError, ProgrammingError

from core.storage.db import read_connection, write_connection

FOLDER = Path(__file__).parent / "migrations"
REVISION = re.compile(r'^(revision|down_revision) = "(\w+)"', re.MULTILINE)


class DatabaseTooNew(Exception):
    """The database was changed by a newer openBuild than this one."""


def upgrade() -> None:
    """Run the migrations that are missing; raises DatabaseTooNew."""
    if revision_here() == newest_revision():
        return
    # Alembic takes longer to import than most commands take altogether.
    from alembic import command
    from alembic.config import Config
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    scripts = ScriptDirectory.from_config(config)
    with write_connection() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
        if current == scripts.get_current_head():
            return
        if current is not None and current not in {s.revision for s in scripts.walk_revisions()}:
            raise DatabaseTooNew(
                "the database was changed by a newer openBuild; start that one, "
                "or restore the backup it made before it changed it"
            )
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


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
    named: list[dict[str, str]] = [
        dict(REVISION.findall(file.read_text())) for file in (FOLDER / "versions").glob("*.py")
    ]
    (newest,) = {each["revision"] for each in named} - {
        each["down_revision"] for each in named if "down_revision" in each
    }
    return newest


def load_tables() -> None:
    """Import every module of this folder, so that its tables are known."""
    for module in iter_modules([str(FOLDER.parent)]):
        if not module.ispkg:
            import_module(f"core.storage.{module.name}")
