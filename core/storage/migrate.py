"""Bring a database to this version's tables."""

from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from core.storage.db import write_connection

FOLDER = Path(__file__).parent / "migrations"


class DatabaseTooNew(Exception):
    """The database was changed by a newer openBuild than this one."""


def upgrade() -> None:
    """Run the migrations that are missing; raises DatabaseTooNew."""
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



def load_tables() -> None:
    """Import every module of this folder, so that its tables are known."""
    for module in iter_modules([str(FOLDER.parent)]):
        if not module.ispkg:
            import_module(f"core.storage.{module.name}")
