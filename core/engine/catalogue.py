"""Find what authors can add: one file in a catalogue's folder is one kind, its name is its key."""

import importlib
import inspect
import pkgutil
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from core.engine.errors import CatalogueError

Kind = TypeVar("Kind")


def load(folder: str, base: type[Kind]) -> Mapping[str, Kind]:
    """One instance of the subclass of `base` in each module of the package, by file name."""
    package = importlib.import_module(folder)
    found: dict[str, Kind] = {}
    for module_info in sorted(pkgutil.iter_modules(package.__path__), key=lambda m: m.name):
        module = importlib.import_module(f"{folder}.{module_info.name}")
        kinds = [kind for kind in vars(module).values() if _is_kind(kind, base, module.__name__)]
        if len(kinds) != 1:
            raise CatalogueError(f"{module.__name__} holds {len(kinds)} kinds, not one")
        kind = kinds[0]()
        kind.key = module_info.name
        found[module_info.name] = kind
    return MappingProxyType(found)


def _is_kind(value: Any, base: type, module: str) -> bool:
    return inspect.isclass(value) and issubclass(value, base) and value.__module__ == module
