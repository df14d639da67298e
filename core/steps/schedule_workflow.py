"""Plan a run of a workflow for later."""

from collections.abc import Mapping
from typing import Any

from core.engine import planning, wording
from core.engine.definition import Step
from core.engine.fields import Field
from core.engine.outcomes import StartRun
from core.engine.step_type import Effect, StepContext, StepType


class ScheduleWorkflow(StepType):
    """A run of its own that begins when its time has come."""

    label = "Schedule a workflow"
    help = "Let a workflow run later, once. Until then the run stands under Schedules → Waiting."
    category = "logic"
    icon = "calendar-clock"
    keywords = ("schedule", "later", "delay", "api workflow", "job", "remind", "defer", "plan")
    fields = (
        Field("workflow", "Workflow", kind="workflow"),
        Field(
            "at",
            "At",
            kind="date",
            required=False,
            placeholder="2026-12-24T09:00",
            help="Without a zone it is meant in the run's time zone; empty or past: at once.",
        ),
        Field(
            "parameters",
            "Parameters",
            kind="mapping",
            required=False,
            help="What the workflow gets, as it is now; as if somebody had called it.",
        ),
    )
    effect = Effect.INSIDE  # the run and this step are written together
    plans_runs = True
    example_output = {"run_id": "0193500b-4c1e-7a1d-9c3b-2f6d8f7a6b51"}

    def summary(self, step: Step) -> str:
        """The workflow's name, and when."""
        name = wording.say(step.inputs.get("workflow"))
        at = step.inputs.get("at")
        return f"{name} at {wording.say(at)}" if at else name

    def run(self, inputs: Mapping[str, Any], context: StepContext) -> StartRun:
        """Name the workflow, the time and what it is given."""
        at = planning.moment(
            inputs.get("at"), "At", timezone=context.timezone, now=context.started_at
        )
        return StartRun(
            planning.workflow(inputs.get("workflow"), "Workflow"),
            planning.parameters(inputs.get("parameters")),
            wait=False,
            at=at or context.started_at,
            is_planned=True,
        )
