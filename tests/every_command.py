"""All commands and what they work with, loaded: processes of `tests.commands` begin here."""

from importlib import import_module
from pkgutil import iter_modules

import blueprints
from blueprints import cli
from core.storage import migrate  # noqa: F401
from worker import RunWorker  # noqa: F401

blueprints.rooms()
COMMANDS = [
    import_module(f"{cli.__name__}.{module.name}")
    for module in iter_modules(cli.__path__)
    if not module.name.startswith("__")
]
