"""The catalogue of auth schemes: each module here is a way to know who calls an endpoint."""

from collections.abc import Mapping
from functools import cache

from core.engine import catalogue
from core.engine.auth_scheme import AuthScheme


@cache
def auth_schemes() -> Mapping[str, AuthScheme]:
    """All ways to know a caller, by key."""
    return catalogue.load(__name__, AuthScheme)
