"""Read a value that any run of the workspace has stored."""

from collections.abc import Mapping
from typing import Any

from core.engine import wording
from core.engine.definition import Step
from core.engine.fields import Field
from core.engine.outcomes import Done
from core.engine.step_type import Effect, StepContext, StepType
from core.engine.stored_keys import KEY, read_key


class ReadValue(StepType):
    """The stored value; a substitute when nothing is stored."""

    label = "Read a stored value"
    help = "Get back what a run of this workspace has stored under a key."
    category = "data"
    icon = "database-zap"
    keywords = ("read", "get", "storage", "load", "lookup", "cache", "cursor", "key value")
    fields = (
        KEY,
        Field(
            "default",
            "If nothing is stored",
            kind="json",
            required=False,
            help="The result while nothing is stored under this key, or when it has expired.",
        ),
    )
    effect = Effect.INSIDE
    example_output = "ORD-10482"

    def summary(self, step: Step) -> str:
        """The key."""
        return wording.say(step.inputs.get("key"))

    def run(self, inputs: Mapping[str, Any], context: StepContext) -> Done:
        """Look it up."""
        value = context.values.read(read_key(inputs))
        return Done(inputs.get("default") if value is None else value)
