"""The catalogue of triggers: each module here is a way to start a workflow."""

from collections.abc import Mapping
from functools import cache

from core.engine import catalogue
from core.engine.trigger_type import TriggerType


@cache
def trigger_types() -> Mapping[str, TriggerType]:
    """All ways to start a workflow, by key."""
    return catalogue.load(__name__, TriggerType)
