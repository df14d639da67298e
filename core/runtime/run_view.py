"""A run as its pages show it: built from the version it ran on and from its journal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.engine import crashes
from core.engine.definition import Definition
from core.engine.traces import LogLine
from core.runtime import children, definitions, run_times
from core.runtime.run_answers import Said, said_in
from core.runtime.run_cuts import Interruption, interruptions, lain
from core.runtime.run_events import Event, events, failed_step
from core.runtime.run_journal import StepRows, all_waits, failure_counts, journal_of, newest
from core.runtime.run_steps import StepWalk
from core.runtime.run_summary import Summary, summarise
from core.runtime.step_view import StepView, ran_count
from core.steps import step_types
from core.storage.batch import Batch
from core.storage.db import db
from core.storage.run import Run
from core.storage.workflow import Version, Workflow
from core.storage.workspace import Workspace

ANSWER = "@answer"  # no step's path holds an @

STARTS = {
    "endpoint": ("When called", "webhook"),
    "schedule": ("On a schedule", "calendar-clock"),
    "thing": ("When data changes", "database-zap"),
    "workflow": ("By another workflow", "workflow"),
    "manual": ("By hand", "hand"),
    "test": ("Test", "flask-conical"),
}


@dataclass(frozen=True, slots=True)
class RunView:
    """Everything that a page says about one run."""

    run: Run
    workflow: Workflow
    version: Version
    definition: Definition
    start: StepView
    steps: Sequence[StepView]
    events: Sequence[Event]
    interruptions: Sequence[Interruption]
    lain: Sequence[Interruption]  # when it lay failed
    lines: Sequence[LogLine]
    children: Mapping[str, str]  # runs that steps have started, by the steps' paths
    batches: Sequence[Batch]  # that steps have planned
    summary: Summary
    zone: str

    def step(self, path: str) -> StepView | None:
        """The step or turn at that path; the empty path is the start, ANSWER the response."""
        if path == "":
            return self.start
        if path == ANSWER:
            return self.answer
        return next((step for step in self.steps if step.path == path), None)

    @property
    def first_to_look_at(self) -> StepView:
        """What a person wants to see first: what failed, waits or runs; else how it began."""
        if culprit := failed_step(self.run, self.steps):
            return culprit
        for state in ("failed", "waiting", "running", "interrupted"):
            found = [s for s in self.steps if s.state == state and not s.is_block]
            if found and (state != "failed" or self.run.state == "failed"):
                return found[0]
        return self.answer or self.start

    @property
    def asking(self) -> StepView | None:
        """The first step of which nobody knows whether it happened, while the run waits for it."""
        if self.run.state != "waiting":
            return None
        return next((step for step in self.steps if step.wait_kind == crashes.KIND), None)

    @property
    def answer(self) -> StepView | None:
        """What the caller got, as the last line of the story."""
        if not self.run.response:
            return None
        return StepView(
            path=ANSWER,
            step_id=str(self.run.response.get("status") or 200),
            depth=0,
            type="answer",
            label="Answer",
            state="done",
            kind="connect",
            icon="reply",
            type_label="What the caller got",
            output=self.run.response.get("body"),
        )

    @property
    def took_ms(self) -> float | None:
        """How long it took, once it has ended."""
        return run_times.took(self.run)

    @property
    def ran_count(self) -> int:
        """How many of the definition's steps ran."""
        return ran_count(self.steps)

    @property
    def step_count(self) -> int:
        """How many of the definition's steps lay on the run's way."""
        return len({s.number for s in self.steps if not s.is_untaken})


def view(run: Run, *, item_from: Mapping[str, int] | None = None) -> RunView:
    """The run's view; `item_from` names by loop path the first turn to show."""
    with journal_of(run.id) as journal:
        waits = all_waits(run.id)
        walk = StepWalk(
            run,
            definitions.of_version(run.version_id),
            step_types(),
            journal,
            StepRows.of(run.id),
            newest(waits),
            item_from or {},
        )
        return _assemble(run, walk, said_in(waits))


def _assemble(run: Run, walk: StepWalk, said: Sequence[Said]) -> RunView:
    steps = walk.views()
    workflow = db.session.get_one(Workflow, run.workflow_id)
    zone = db.session.get_one(Workspace, run.workspace_id).timezone
    return RunView(
        run=run,
        workflow=workflow,
        version=db.session.get_one(Version, run.version_id),
        definition=walk.definition,
        start=_start(run),
        steps=steps,
        events=events(run, walk.traces, steps, said),
        interruptions=interruptions(run, walk.traces, steps, said),
        lain=lain(walk.traces, steps),
        lines=tuple(walk.traces.lines),
        children=_children(run),
        batches=_batches(run, walk.definition),
        summary=summarise(run, steps, zone, handled=_handled(run, walk)),
        zone=zone,
    )


def _handled(run: Run, walk: StepWalk) -> int:
    """How many failures a run that succeeded went on after."""
    if run.state != "succeeded":
        return 0
    return failure_counts({run.id: walk.traces}).get(run.id, 0)


def _start(run: Run) -> StepView:
    """What started the run, as the first line of its story."""
    label, icon = STARTS.get(run.origin, ("Start", "play"))
    return StepView(
        path="",
        step_id="trigger",
        depth=0,
        type="start",
        label=label,
        state="done",
        kind="start",
        icon=icon,
        type_label="What started it",
        started_at=run.created_at,
        finished_at=run.started_at or run.created_at,
        output=run.input,
        is_wait=True,
    )


def _batches(run: Run, definition: Definition) -> Sequence[Batch]:
    """Asked for only where a step could have planned one."""
    if not any(
        step_types()[step.type].has_turns for step in definition.walk() if step.type in step_types()
    ):
        return ()
    query = db.select(Batch).where(Batch.run_id == run.id).order_by(Batch.id)
    return list(db.session.scalars(query))


def _children(run: Run) -> dict[str, str]:
    query = db.select(Run.parent_path, Run.id).where(
        Run.parent_run_id == run.id, Run.batch_id.is_(None)
    )
    found = db.session.execute(query.order_by(Run.id))
    return {children.read_place(place)[0]: child for place, child in found if place}
