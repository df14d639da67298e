"""Remember values under a name for the rest of the run."""

from collections.abc import Mapping
from typing import Any

from core.engine import wording
from core.engine.definition import Step
from core.engine.errors import StepFailed
from core.engine.fields import Field
from core.engine.outcomes import Done
from core.engine.step_type import StepContext, StepType


class SetVariables(StepType):
    """Values that later steps read by name, and that later steps may change."""

    label = "Remember values"
    help = "Keep values under a name for the rest of this run, to change and read them later."
    category = "data"
    icon = "variable"
    keywords = ("variable", "vars", "set variable", "state", "remember", "counter", "custom state")
    fields = (
        Field(
            "values",
            "Values to remember",
            kind="mapping",
            help="Later steps read them as vars.name. They survive waits. Each run has its own.",
        ),
    )
    example_output = {"attempts": 1}

    def summary(self, step: Step) -> str:
        """The names of the values."""
        return wording.say(step.inputs.get("values"))

    def run(self, inputs: Mapping[str, Any], context: StepContext) -> Done:
        """Hand the values to the run's memory."""
        values = inputs.get("values")
        if not isinstance(values, Mapping):
            raise StepFailed("“Values to remember” must be names and values")
        return Done(values, variables=values)
