"""End the run here, well or as a failure."""

from collections.abc import Mapping
from typing import Any

from core.engine import wording
from core.engine.definition import Step
from core.engine.errors import StepFailed
from core.engine.fields import Field
from core.engine.outcomes import Stop as Stopped
from core.engine.step_type import StepContext, StepType

DEFAULT_MESSAGE = "Stopped as a failure by the workflow"


class Stop(StepType):
    """No later step runs; only steps under “In any case” still do."""

    label = "Stop here"
    help = "End the run before its last step: all is well, or something is wrong."
    category = "logic"
    icon = "ban"
    keywords = ("stop", "end", "exit", "terminate", "abort", "throw", "error", "fail", "guard")
    fields = (
        Field(
            "outcome",
            "The run has then",
            kind="choice",
            default="succeed",
            choices=(("succeed", "Succeeded"), ("fail", "Failed")),
            help="A failure can be handled by “If one fails” around this step.",
        ),
        Field(
            "message",
            "Because",
            required=False,
            default="",
            help="Shown on the run's page, and to the caller if it failed.",
        ),
    )

    def summary(self, step: Step) -> str:
        """How it ends, and why."""
        word = "fails" if step.inputs.get("outcome") == "fail" else "succeeds"
        reason = wording.say(step.inputs.get("message"))
        return f"{word}: {reason}" if reason else f"the run {word}"

    def run(self, inputs: Mapping[str, Any], context: StepContext) -> Stopped:
        """Stop, or fail with the author's words."""
        message = str(inputs.get("message") or "")
        if inputs.get("outcome", "succeed") == "fail":
            raise StepFailed(message or DEFAULT_MESSAGE)
        return Stopped(message)
