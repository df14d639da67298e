"""The functions of the language: each module here holds one group of them."""

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType

from core.engine.expressions.function import REGISTRY, FunctionInfo


@cache
def functions() -> Mapping[str, FunctionInfo]:
    """All functions by name, group by group."""
    for module in pkgutil.iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
    order = ("text", "encoding", "numbers", "lists", "objects", "dates", "anything")
    ranked = sorted(REGISTRY.values(), key=lambda info: order.index(info.group))
    return MappingProxyType({info.name: info for info in ranked})
