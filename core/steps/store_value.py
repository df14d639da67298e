"""Keep a value for all runs of the workspace."""

from collections.abc import Mapping
from typing import Any

from core.engine import wording
from core.engine.definition import Step
from core.engine.fields import Field
from core.engine.outcomes import Done
from core.engine.step_type import Effect, StepContext, StepType
from core.engine.stored_keys import EXPIRES, KEY, read_expiry, read_key


class StoreValue(StepType):
    """A small value under a key, read by any run of any workflow here."""

    label = "Store a value"
    help = "Keep a value under a key that every run of this workspace can read."
    category = "data"
    icon = "database"
    keywords = ("store", "save", "storage", "set", "cache", "cursor", "memory", "key value", "put")
    fields = (KEY, Field("value", "Value", kind="json", required=False), EXPIRES)
    effect = Effect.INSIDE
    example_output = {"key": "last-order", "value": "ORD-10482"}

    def summary(self, step: Step) -> str:
        """The key."""
        return wording.say(step.inputs.get("key"))

    def run(self, inputs: Mapping[str, Any], context: StepContext) -> Done:
        """Write it, over an older one."""
        key = read_key(inputs)
        value = inputs.get("value")
        context.values.store(key, value, expires=read_expiry(inputs, context.started_at))
        return Done({"key": key, "value": value})
