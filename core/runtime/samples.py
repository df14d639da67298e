"""What the steps of a workflow have made in its last good run, as shapes: never the values."""

from collections.abc import Mapping
from functools import lru_cache

from sqlalchemy import select

from core.engine.checking import shapes
from core.engine.checking.shapes import Shape
from core.engine.definition import Definition, Step
from core.engine.states import RunState
from core.runtime import definitions
from core.runtime.run_journal import journal_of
from core.storage.db import db
from core.storage.run import Run
from core.storage.workflow import Workflow

MOST_RUNS = 256
NEWEST = 20  # runs among which a good one is looked for
MOST_STEPS = 1000  # of a run whose journal is read for this


def of_workflow(workflow: Workflow, definition: Definition) -> Mapping[str, Shape]:
    """By step, for those that are still as they were in that run."""
    columns = Run.id, Run.state, Run.version_id, Run.steps_used
    query = select(*columns).where(Run.workflow_id == workflow.id)
    newest = db.session.execute(query.order_by(Run.id.desc()).limit(NEWEST))
    good = (run for run in newest if run.state == RunState.SUCCEEDED)
    run = next((run for run in good if run.steps_used <= MOST_STEPS), None)
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
    with journal_of(run_id) as journal:
        return {
            path: shapes.of_sample(trace.output)
            for path, trace in journal.steps.items()
            if trace.is_done and trace.output is not None and "/" not in path
        }
