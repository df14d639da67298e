"""The application, its database and a workspace, for commands that need them."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from app import create_app
from blueprints.cli import Refused
from core import config, logs
from core.storage import migrate
from core.storage.workspace import Workspace

WHO = "command line"


@contextmanager
def database(*errors: type[Exception]) -> Iterator[None]:
    """All runtime verbs at hand; of what they raise, these errors are refusals in plain words."""
    settings = config.current()
    logs.configure(sys.stderr, level="warning", form=settings.log_format, process="command")
    with create_app().app_context():
        try:
            migrate.upgrade()
            yield
        except (migrate.DatabaseTooNew, *errors) as error:
            raise Refused(str(error)) from error


def workspace(name: str) -> Workspace:
    """The workspace of that name."""
    found = Workspace.named(name)
    if found is None:
        raise Refused(
            f"There is no workspace “{name}”. Start openBuild once and create the owner first."
        )
    return found
