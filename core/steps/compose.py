"""Set fields: make a value out of earlier ones."""

from collections.abc import Mapping
from typing import Any

from core.engine import wording
from core.engine.definition import Step
from core.engine.fields import Field
from core.engine.outcomes import Done
from core.engine.step_type import StepContext, StepType


class Compose(StepType):
    """The value its author wrote, with earlier data filled in."""

    label = "Set fields"
    help = "Build a value out of earlier ones; later steps read it as this step's result."
    category = "data"
    icon = "braces"
    keywords = ("set", "edit fields", "formatter", "transform", "map", "object", "compose", "json")
    fields = (
        Field(
            "value",
            "Fields",
            kind="json",
            help="Names and values, or one value. Insert values from earlier steps anywhere.",
        ),
    )
    example_output = {"name": "Mara Lind", "total": 1840.5}

    def summary(self, step: Step) -> str:
        """The names of the fields."""
        return wording.say(step.inputs.get("value"))

    def run(self, inputs: Mapping[str, Any], context: StepContext) -> Done:
        """Give the value on."""
        return Done(inputs.get("value"))
