"""What the steps of a workflow have made in its last good run, as shapes: never the values."""

from collections.abc import Mapping
from functools import lru_cache

from sqlalchemy import select

from core.engine.checking import shapes
from core.engine.checking.shapes import Shape
from core.engine.definition import Definition, Step
from core.engine.states import RunState
from core.runtime import definitions, run_view
from core.storage.db import db
from core.storage.run import Run
from core.storage.workflow import Workflow

MOST_RUNS = 256
NEWEST = 20  # runs among which a good one is looked for


def of_workflow(workflow: Workflow, definition: Definition) -> Mapping[str, Shape]:
    """By step, for those that are still as they were in that run."""
    query = select(Run.id, Run.state, Run.version_id).where(Run.workflow_id == workflow.id)
    newest = db.session.execute(query.order_by(Run.id.desc()).limit(NEWEST))
    run = next((row for row in newest if row.state == RunState.SUCCEEDED), None)
    if run is None:
        return {}
    known = of_run(run.id)
    before = {step.id: step for step in definitions.of_version(run.version_id).walk()}
    return {
        step.id: known[step.id]
        for step in definition.walk()
        if step.id in known and is_same(before.get(step.id), step)
    }


def is_same(before: Step | None, now: Step) -> bool:
    """Whether the step would do the same as it did."""
    return before is not None and (before.type, before.inputs) == (now.type, now.inputs)


@lru_cache(maxsize=MOST_RUNS)
def of_run(run_id: str) -> Mapping[str, Shape]:
    """The shapes of the results of a run that has ended; it never changes any more."""
    run = db.session.get(Run, run_id)
    if run is None:
        return {}
    return {
        step.step_id: shapes.of_sample(step.output)
        for step in run_view.view(run).steps
        if step.state == "done" and step.output is not None and step.item is None
    }
