"""Write a line into the run's log."""

import json
from collections.abc import Mapping
from typing import Any

from core.engine import wording
from core.engine.definition import Step
from core.engine.fields import Field
from core.engine.outcomes import Done
from core.engine.step_type import StepContext, StepType

LEVELS = (("info", "Information"), ("warning", "Warning"), ("error", "Error"))


class LogMessage(StepType):
    """A line an author reads later on the run's page."""

    label = "Write to the log"
    help = "Note something on the run's page, to find out later what went on."
    category = "data"
    icon = "terminal"
    keywords = ("log", "note", "print", "debug", "console", "message", "comment")
    fields = (
        Field("message", "Line", kind="long_text"),
        Field("level", "Weight", kind="choice", default="info", choices=LEVELS),
    )
    example_output = {"message": "All lines reserved", "level": "info"}

    def summary(self, step: Step) -> str:
        """The line itself."""
        return wording.say(step.inputs.get("message"))

    def run(self, inputs: Mapping[str, Any], context: StepContext) -> Done:
        """Write the line; other values than text are written as JSON."""
        message = inputs.get("message")
        text = message if isinstance(message, str) else json.dumps(message, ensure_ascii=False)
        level = inputs.get("level") or "info"
        context.log.write(level, text)
        return Done({"message": text, "level": level})
