"""Wait until another system calls the step's own address; no worker is held meanwhile."""

from collections.abc import Mapping
from typing import Any

from core.engine import answers, wording
from core.engine.definition import Step
from core.engine.fields import Field
from core.engine.outcomes import AwaitCall
from core.engine.step_type import StepContext, StepType


class WaitForCall(StepType):
    """The run sleeps until the address of this step is called; early calls are kept."""

    label = "Wait for an answer from outside"
    help = "Give another system an address, and go on with what it sends there."
    category = "logic"
    icon = "webhook"
    sleeps = True
    keywords = (
        "wait",
        "callback",
        "webhook",
        "resume",
        "callback_url",
        "answer",
        "asynchronous",
        "signal",
    )
    fields = (
        Field(
            "timeout",
            "Wait at most",
            kind="duration",
            required=False,
            placeholder="2d",
            help=(
                "For example 30m or 7d; then the step fails. Left empty, it waits for as long as "
                "it takes. An earlier step sends the address: {{ callback_url('this step’s id') }}."
            ),
        ),
    )
    is_called_back = True
    example_output = {"status": "done"}

    def summary(self, step: Step) -> str:
        """How long at most."""
        timeout = step.inputs.get("timeout")
        return f"at most {wording.say(timeout)}" if timeout else ""

    def run(self, inputs: Mapping[str, Any], context: StepContext) -> AwaitCall:
        """Say for how long."""
        return AwaitCall(answers.read_length(inputs.get("timeout"), "Wait at most"))
