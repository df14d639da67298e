"""The application, its database and a workspace, for commands that need them."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask

from app import open_database
from blueprints.cli import Refused
from core import config, logs
from core.runtime import workspaces
from core.storage import migrate
from core.storage.db import db, transaction
from core.storage.workspace import Workspace

WHO = "command line"


@contextmanager
def database(*errors: type[Exception], changes_tables: bool = True) -> Iterator[None]:
    """All runtime verbs at hand; of what they raise, these errors are refusals in plain words.

    The tables become those of this version, unless a command only looks.
    """
    settings = config.current()
    logs.configure(sys.stderr, level="warning", form=settings.log_format, process="command")
    app = Flask("openbuild")
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url
    open_database(app, settings)
    with app.app_context():
        try:
            with migrate.in_words():
                if changes_tables:
                    migrate.upgrade()
                yield
        except (migrate.DatabaseAway, migrate.DatabaseTooNew, migrate.NotCopied, *errors) as error:
            raise Refused(str(error)) from error
        finally:
            db.session.remove()
            db.engine.dispose()


def workspace(name: str) -> Workspace:
    """The workspace of that name."""
    if name == workspaces.FIRST:
        with transaction():
            return workspaces.first()
    found = Workspace.named(name)
    if found is None:
        raise Refused(f"There is no workspace “{name}”.")
    return found
