"""The catalogue of connectors: each module here is a kind of connection."""

from collections.abc import Mapping
from functools import cache

from core.engine import catalogue
from core.engine.connector import Connector


@cache
def connectors() -> Mapping[str, Connector]:
    """All kinds of connections, by key."""
    return catalogue.load(__name__, Connector)
