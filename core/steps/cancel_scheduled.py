"""Take back runs that are planned and have not begun."""

from collections.abc import Iterator, Mapping
from typing import Any

from core.engine import wording
from core.engine.definition import Step
from core.engine.errors import StepFailed
from core.engine.fields import Field
from core.engine.outcomes import CancelPlanned
from core.engine.step_type import Effect, StepContext, StepType

MOST_IDS = 1000
ONE_OF_TWO = "give “Runs” or “Batch”, one of the two"


class CancelScheduled(StepType):
    """What has begun goes on; what is unknown or over is no error."""

    label = "Cancel what is scheduled"
    help = "Take back planned runs by their ids, or all of a batch that have not begun."
    category = "logic"
    icon = "circle-slash"
    keywords = ("cancel", "unschedule", "stop", "batch", "remove", "scheduled", "api workflow")
    fields = (
        Field(
            "run_ids",
            "Runs",
            kind="json",
            required=False,
            help="The run_id of one run, or a list of them.",
        ),
        Field(
            "batch_id",
            "Batch",
            required=False,
            help="The batch_id that the list was planned under. Give this or “Runs”.",
        ),
    )
    effect = Effect.INSIDE  # what is cancelled and this step are written together
    example_output = {"cancelled": 1}

    def summary(self, step: Step) -> str:
        """Which runs, or which batch."""
        batch_id = step.inputs.get("batch_id")
        return wording.say(batch_id or step.inputs.get("run_ids"))

    def problems(self, inputs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """At most one of the two; neither is nothing to cancel."""
        if are_both(inputs):
            yield "batch_id", ONE_OF_TWO

    def run(self, inputs: Mapping[str, Any], context: StepContext) -> CancelPlanned:
        """Name what is to be cancelled."""
        run_ids, batch_id = inputs.get("run_ids"), inputs.get("batch_id")
        if are_both(inputs):
            raise StepFailed(ONE_OF_TWO)
        if batch_id not in (None, ""):
            return CancelPlanned(batch_id=text(batch_id, "Batch"))
        if isinstance(run_ids, str):
            run_ids = [run_ids] if run_ids else []
        if not isinstance(run_ids, list | None):
            raise StepFailed("“Runs” must be a run's id or a list of them")
        ids = [text(each, "Runs") for each in run_ids or () if each is not None]
        if len(ids) > MOST_IDS:
            raise StepFailed(f"“Runs” has {len(ids):,} ids; at most {MOST_IDS:,} at a time")
        return CancelPlanned(run_ids=ids)


def are_both(inputs: Mapping[str, Any]) -> bool:
    """Whether runs are named and a batch as well."""
    return all(inputs.get(key) not in (None, "", []) for key in ("run_ids", "batch_id"))


def text(given: Any, label: str) -> str:
    """An id; raises StepFailed for what can be none."""
    if not isinstance(given, str):
        raise StepFailed(f"“{label}” must be an id, not {wording.say(given)}")
    return given
