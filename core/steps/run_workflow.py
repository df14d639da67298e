"""Run another workflow, and wait for its answer or not."""

from collections.abc import Mapping
from typing import Any

from core.engine import wording
from core.engine.definition import Step
from core.engine.errors import StepFailed
from core.engine.fields import Field
from core.engine.outcomes import StartRun
from core.engine.step_type import Effect, StepContext, StepType

MODES = (("wait", "Wait for its answer"), ("start", "Start it and go on"))


class RunWorkflow(StepType):
    """A run of its own, linked to this one."""

    label = "Run another workflow"
    help = "Use a workflow as a step: give it what it needs, get back what it answers."
    category = "logic"
    icon = "workflow"
    keywords = ("sub-workflow", "call workflow", "child", "execute", "custom event", "subflow")
    fields = (
        Field("workflow", "Workflow", kind="workflow"),
        Field(
            "parameters",
            "Parameters",
            kind="mapping",
            required=False,
            help="What the other workflow gets, as if somebody had called it.",
        ),
        Field("mode", "And then", kind="choice", default="wait", choices=MODES),
    )
    effect = Effect.INSIDE  # the child row and this step are written together
    example_output = {"reserved": 3}

    def summary(self, step: Step) -> str:
        """The workflow's name."""
        name = wording.say(step.inputs.get("workflow"))
        return f"{name}, without waiting" if step.inputs.get("mode") == "start" else name

    def run(self, inputs: Mapping[str, Any], context: StepContext) -> StartRun:
        """Name the workflow and hand over the parameters."""
        workflow = inputs.get("workflow")
        if not isinstance(workflow, str) or not workflow:
            raise StepFailed("choose the workflow to run")
        parameters = inputs.get("parameters")
        if parameters is None:
            parameters = {}
        if not isinstance(parameters, Mapping):
            raise StepFailed("“Parameters” must be names and values")
        return StartRun(workflow, parameters, wait=inputs.get("mode", "wait") != "start")
