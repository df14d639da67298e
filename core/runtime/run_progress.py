"""How far many runs have come: their outermost steps, read for all of them at once."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from core.engine import traces
from core.engine.traces import Traces
from core.runtime import definitions
from core.runtime.large_values import without
from core.runtime.run_journal import StepRows, failure_counts, needed_always
from core.runtime.run_list import RunLine
from core.runtime.run_steps import StepWalk
from core.runtime.step_view import StepView
from core.steps import step_types
from core.storage.db import db
from core.storage.run import Segment, StepRun, Wait

MOST_STEPS = 200  # a run that used more is not read for a list


@dataclass(frozen=True, slots=True)
class Progress:
    """A run's outermost steps, and how many failures it went on after."""

    steps: Sequence[StepView]
    handled_count: int


def progress(lines: Sequence[RunLine]) -> dict[str, Progress]:
    """How far each run has come, by its id; very long runs are left out."""
    short = [line for line in lines if line.steps_used <= MOST_STEPS]
    ids = [line.id for line in short]
    journals, rows, waits = _journals(ids), _step_rows(ids), _waits(ids)
    ended_well = {line.id: journals[line.id] for line in short if line.state == "succeeded"}
    failed = failure_counts(ended_well)
    found = {}
    for line in short:
        walk = StepWalk(
            line,
            definitions.of_version(line.version_id),
            step_types(),
            journals[line.id],
            rows[line.id],
            waits[line.id],
            has_turns=False,
        )
        steps = [step for step in walk.views() if step.depth == 0]
        found[line.id] = Progress(steps, failed.get(line.id, 0))
    return found


def _journals(ids: list[str]) -> dict[str, Traces]:
    query = db.select(Segment.run_id, Segment.at, Segment.entries)
    query = query.where(Segment.run_id.in_(ids)).order_by(Segment.run_id, Segment.seq)
    segments = defaultdict(list)
    for run_id, at, entries in db.session.execute(query):
        segments[run_id].append((at, without(entries)))
    return {run_id: traces.read(segments[run_id]) for run_id in ids}


def _step_rows(ids: list[str]) -> dict[str, StepRows]:
    query = db.select(StepRun).where(StepRun.run_id.in_(ids), needed_always())
    found = defaultdict(list)
    for row in db.session.scalars(query.order_by(StepRun.round)):
        found[row.run_id].append(row)
    return {run_id: StepRows(run_id, found[run_id]) for run_id in ids}


def _waits(ids: list[str]) -> dict[str, dict[str, Wait]]:
    found: dict[str, dict[str, Wait]] = {run_id: {} for run_id in ids}
    for row in db.session.scalars(db.select(Wait).where(Wait.run_id.in_(ids)).order_by(Wait.round)):
        found[row.run_id][row.path] = row
    return found
