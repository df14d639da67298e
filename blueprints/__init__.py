"""The doors of the product: each package here is a room of the web, found by its folder."""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Blueprint


def discover() -> "list[Blueprint]":
    """The blueprint of every room; a new folder needs no registration."""
    return [room.bp for room in rooms()]


def rooms() -> Iterator[ModuleType]:
    """The packages of this folder that have a blueprint."""
    for module in iter_modules(__path__):
        if module.ispkg:
            package = import_module(f"{__name__}.{module.name}")
            if hasattr(package, "bp"):
                yield package
