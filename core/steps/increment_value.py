"""Count up a number that all runs of the workspace share."""

import math
from collections.abc import Mapping
from typing import Any

from core.engine import wording
from core.engine.definition import Step
from core.engine.errors import StepFailed
from core.engine.fields import Field
from core.engine.outcomes import Done
from core.engine.step_type import Effect, StepContext, StepType
from core.engine.stored_keys import EXPIRES, KEY, read_expiry, read_key


class IncrementValue(StepType):
    """A counter that gives every run a number of its own."""

    label = "Count up"
    help = "Add to a number that all runs share, and get the new number: each run its own."
    category = "data"
    icon = "plus"
    keywords = ("increment", "counter", "count", "number", "sequence", "round robin", "add", "id")
    fields = (
        KEY,
        Field("by", "By", kind="number", required=False, default=1, help="Below zero counts down."),
        EXPIRES,
    )
    effect = Effect.INSIDE
    example_output = 42
    is_example_exact = True

    def summary(self, step: Step) -> str:
        """The key and the size of the steps."""
        by = wording.say(step.inputs.get("by", 1))
        key = wording.say(step.inputs.get("key"))
        return key if by == "1" else f"{key} by {by}"

    def run(self, inputs: Mapping[str, Any], context: StepContext) -> Done:
        """Add, starting from nothing."""
        by = read_number(inputs.get("by", 1))
        expires = read_expiry(inputs, context.started_at)
        return Done(context.values.increment(read_key(inputs), by, expires=expires))


def read_number(given: Any) -> float:
    """A number, or text that is one; nothing means 1."""
    if given is None or given == "":
        return 1
    try:
        number = float(given)
    except (TypeError, ValueError):
        number = math.nan
    if isinstance(given, bool) or not math.isfinite(number):
        raise StepFailed(f"“By” must be a number, not “{wording.say(given)}”")
    return int(number) if number.is_integer() else number
