"""Plan a run of a workflow for each item of a list."""

from collections.abc import Mapping
from typing import Any

from core.engine import planning, wording
from core.engine.definition import Step
from core.engine.errors import StepFailed
from core.engine.fields import Field
from core.engine.outcomes import StartBatch
from core.engine.step_type import Effect, StepContext, StepType

MOST_ITEMS = 100_000
MOST_AT_ONCE = 100
USUALLY_AT_ONCE = 10
MOST_RECORDED = 20  # items


class ScheduleOnList(StepType):
    """A batch: one independent run for each item, with progress, pause and what failed."""

    label = "Schedule a workflow on a list"
    help = "One run for each item, in the background, as a batch that can be watched and paused."
    category = "logic"
    icon = "list-end"
    keywords = ("bulk", "batch", "schedule", "list", "each", "mass", "fan out", "queue", "many")
    fields = (
        Field("workflow", "Workflow", kind="workflow"),
        Field("list", "List", kind="list", help="An empty value counts as an empty list."),
        Field(
            "parameters",
            "Parameters",
            kind="mapping",
            required=False,
            per_turn=True,
            help="What each run gets; “item” is the item. Empty: the item's own names and values.",
        ),
        Field(
            "concurrency",
            "At a time",
            kind="number",
            default=USUALLY_AT_ONCE,
            minimum=1,
            maximum=MOST_AT_ONCE,
            is_whole=True,
            help="1: one after another, in the order of the list.",
        ),
        Field(
            "at",
            "Not before",
            kind="date",
            required=False,
            advanced=True,
            placeholder="2026-12-24T09:00",
            help="Without a zone it is meant in the run's time zone; empty or past: at once.",
        ),
        Field(
            "interval",
            "Time between two items",
            kind="duration",
            required=False,
            advanced=True,
            placeholder="2s",
            help="Each item is due that much after the one before, however long runs take.",
        ),
        Field(
            "when_finished",
            "When all have ended, run",
            kind="workflow",
            required=False,
            advanced=True,
            help="It gets batch_id, workflow, total, done, failed, skipped and cancelled.",
        ),
    )
    effect = Effect.INSIDE  # the batch and this step are written together
    has_turns = True
    plans_runs = True
    example_output = {"batch_id": "0193500b-4c1e-7a1d-9c3b-2f6d8f7a6b51", "count": 250}

    def summary(self, step: Step) -> str:
        """The workflow's name and the list."""
        name, items = step.inputs.get("workflow"), step.inputs.get("list")
        return f"{wording.say(name)}, for each of {wording.say(items)}"

    def recorded(self, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        """The beginning of long lists: each run keeps what it was given itself."""
        return {
            key: value[:MOST_RECORDED] if isinstance(value, list) else value
            for key, value in inputs.items()
        }

    def run(self, inputs: Mapping[str, Any], context: StepContext) -> StartBatch:
        """Say what to run, for what, when, and how many at a time."""
        zone, now = context.timezone, context.started_at
        following = inputs.get("when_finished")
        return StartBatch(
            planning.workflow(inputs.get("workflow"), "Workflow"),
            given_to_each(inputs),
            at_a_time(inputs.get("concurrency", USUALLY_AT_ONCE)),
            at=planning.moment(inputs.get("at"), "Not before", timezone=zone, now=now),
            interval=planning.interval(inputs.get("interval"), "Time between two items"),
            when_finished=str(following) if following else None,
        )


def given_to_each(inputs: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What each run is given, in the order of the list; raises StepFailed."""
    items = inputs.get("list")
    if items is None:
        items = []
    if not isinstance(items, list):
        kind = "a group" if isinstance(items, dict) else "a single value"
        raise StepFailed(f"“List” must be a list, but it is {kind}", kind="expression")
    if len(items) > MOST_ITEMS:
        many = f"“List” has {len(items):,} items; at most {MOST_ITEMS:,} can be planned at a time"
        raise StepFailed(f"{many}. Nothing was planned", kind="limit")
    if "parameters" in inputs:
        return [planning.parameters(each) for each in inputs["parameters"]]
    for position, item in enumerate(items, 1):
        if not isinstance(item, dict):
            raise StepFailed(f"item {position} is no group of names and values; give “Parameters”")
    return items


def at_a_time(given: Any) -> int:
    """How many runs may go at a time; raises StepFailed."""
    if isinstance(given, bool) or not isinstance(given, int):
        raise StepFailed("“At a time” must be a whole number", kind="expression")
    if not 1 <= given <= MOST_AT_ONCE:
        raise StepFailed(f"“At a time” must be 1 to {MOST_AT_ONCE}", kind="expression")
    return given
