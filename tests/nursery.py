"""What processes of tests are forked from: everything is loaded, nothing is open, no thread runs.

It is imported there alone, see `tests.processes`.
"""

import gc
import tempfile

from sqlalchemy.orm import configure_mappers

import worker  # noqa: F401
from app import create_app
from core import config
from core.steps import step_types
from tests.chaos import crash_points  # noqa: F401


def grow_up():
    """Do once what each of the processes would have to do."""
    with tempfile.TemporaryDirectory() as home:
        for address in ("", "postgresql:///nowhere"):  # it is not connected to
            given = {"OPENBUILD_HOME": home, "OPENBUILD_DATABASE_URL": address}
            config.use(config.load(given))
            create_app()
        config.use(None)
    step_types()
    configure_mappers()
    gc.freeze()
    gc.set_threshold(20_000)


grow_up()
