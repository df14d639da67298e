"""The catalogue of steps: each module here is a step an author can add."""

from collections.abc import Mapping
from functools import cache

from core.engine import catalogue
from core.engine.step_type import StepType


@cache
def step_types() -> Mapping[str, StepType]:
    """All kinds of steps, by key."""
    return catalogue.load(__name__, StepType)
