"""A run laid over the canvas: how each card went, which turn of a loop is looked at."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from blueprints.editor import canvas, wording
from blueprints.formats import lasted, zone
from core.engine.definition import Definition
from core.runtime import run_times, run_view
from core.runtime.run_steps import StepView
from core.storage.run import Run

ICONS = {
    "done": "circle-check",
    "failed": "circle-x",
    "interrupted": "zap-off",
    "running": "loader-circle",
    "waiting": "hourglass",
    "skipped": "circle-slash",
}
HEARD = {
    "done": "done in ",
    "failed": "failed after ",
    "interrupted": "",
    "running": "",
    "waiting": "",
    "skipped": "",
}
WORDS = {
    "skipped": "left out",
    "waiting": "waiting",
    "interrupted": "interrupted",
    "running": "running",
}
SEVERITY = ("failed", "interrupted", "running", "waiting", "done", "skipped", "not_reached")
TONES = {"succeeded": "ok", "failed": "bad", "cancelled": "bad", "waiting": "waiting"}
STATE_ICONS = {
    "queued": "hourglass",
    "running": "loader-circle",
    "waiting": "hourglass",
    "succeeded": "circle-check",
    "failed": "circle-x",
    "cancelled": "circle-slash",
}
STATE_WORDS = {
    "queued": "In line",
    "running": "Running",
    "waiting": "Waiting",
    "succeeded": "Succeeded",
    "failed": "Failed",
    "cancelled": "Cancelled",
}
ORIGINS = {
    "endpoint": "Called",
    "schedule": "By the clock",
    "manual": "By hand",
    "test": "Test run",
    "workflow": "By a workflow",
    "thing": "Data changed",
}


@dataclass
class ShownRun:
    """One run as the editor shows it; `turns` says by step id which turn of a loop to look at."""

    run: Run
    turns: Mapping[str, int] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The run's id."""
        return self.run.id

    @property
    def is_final(self) -> bool:
        """Whether nothing can change any more."""
        return self.run.is_final

    @cached_property
    def view(self) -> run_view.RunView:
        """The run as its own page tells it."""
        return run_view.view(self.run, item_from=self.turns)

    @property
    def definition(self) -> Definition:
        """The steps it ran on."""
        return self.view.definition

    @cached_property
    def steps(self) -> dict[str, StepView]:
        """The step run to show for each step id."""
        found: dict[str, list[StepView]] = {}
        for step in self.view.steps:
            if not is_turn(step) and is_within(step.path, self.chosen):
                found.setdefault(step.step_id, []).append(step)
        return {step_id: most_telling(several) for step_id, several in found.items()}

    @cached_property
    def chosen(self) -> dict[str, int]:
        """The turn of each loop that all cards show; of a loop in a loop, within that turn."""
        chosen: dict[str, int] = {}
        for step in self.view.steps:  # an outer loop comes before those inside it
            if step.item_count and not is_turn(step) and is_within(step.path, chosen):
                chosen[step.step_id] = self._turn_of(step, step.item_count)
        return chosen

    @cached_property
    def overlay(self) -> canvas.Overlay:
        """What the run adds to the canvas."""
        cards = {step_id: self._card(step) for step_id, step in self.steps.items()}
        taken = {step_id: step.taken for step_id, step in self.steps.items()}
        return canvas.Overlay(cards, taken)

    def _card(self, step: StepView) -> canvas.CardRun:
        return canvas.CardRun(
            step.state,
            ICONS.get(step.state, "circle-slash"),
            HEARD.get(step.state, ""),
            WORDS.get(step.state) or lasted(step.ms),
            about(step),
            step.item_count or 0,
            self.chosen.get(step.step_id, 0),
            step.is_handled,
        )

    def _turn_of(self, loop: StepView, items: int) -> int:
        """The turn that was asked for, else the one to look at first."""
        if loop.step_id in self.turns:
            return min(max(self.turns[loop.step_id], 0), items - 1)
        inside = [s for s in self.view.steps if s.path.startswith(f"{loop.path}/")]
        begun = [s for s in inside if s.state != "not_reached"]
        shown = most_telling(begun).path if begun else f"{loop.path}/0/"
        return int(shown.removeprefix(f"{loop.path}/").split("/")[0])

    @property
    def reached_end(self) -> bool:
        """Whether the run came to the end of the workflow."""
        return self.run.state == "succeeded"

    @property
    def started_words(self) -> str:
        """What started it, for the first card."""
        start = ORIGINS.get(self.run.origin, self.run.origin)
        return f"{start} · {self.run.title}" if self.run.title else start

    @property
    def started_at(self) -> str:
        """The time of day it was accepted."""
        return f"{self.run.created_at.astimezone(zone()):%H:%M:%S}"

    @property
    def tone(self) -> str:
        """How the run bar is coloured."""
        return TONES.get(self.run.state, "run")

    @property
    def icon(self) -> str:
        """The run's state as an icon."""
        return STATE_ICONS[self.run.state]

    @property
    def state_words(self) -> str:
        """How it stands, with how long it took."""
        words = STATE_WORDS[self.run.state]
        took = run_times.took(self.run)
        if took is None:
            return words
        joint = "in" if self.run.state == "succeeded" else "after"
        return f"{words} {joint} {lasted(took)}"

    @property
    def handled_words(self) -> str:
        """How many failures the workflow itself took care of."""
        if self.run.state != "succeeded":
            return ""
        failed = sum(1 for s in self.view.steps if s.state == "failed" and not s.is_block)
        return f"{wording.count(failed, 'error')} handled" if failed else ""

    @property
    def kind_words(self) -> str:
        """Which definition it took."""
        if self.run.mode != "live":
            return "test of the draft" if self.run.mode == "test" else "draft"
        return f"live, version {self.view.version.number}"

    @cached_property
    def lane(self) -> list[tuple[str, float, float]]:
        """Where the time went: tone, start and width in thousandths of the run."""
        return lane_of(step for step in self.view.steps if "/" not in step.path)


def is_within(path: str, turns: Mapping[str, int]) -> bool:
    """Whether a step is in that turn of every loop around it."""
    pieces = path.split("/")
    loops = zip(pieces[:-1:2], pieces[1::2], strict=False)
    return all(turns.get(loop) == int(turn) for loop, turn in loops)


def is_turn(step: StepView) -> bool:
    """Whether this is the line of a whole turn, not of a step."""
    return step.path.rpartition("/")[2].isdecimal()


def about(step: StepView) -> str:
    """What a card says of its step in this run."""
    if step.state == "failed" and step.error:
        return str(step.error.get("message") or "failed")
    if step.taken_labels:
        return f"Took {', '.join(step.taken_labels)}"
    if step.item_count is not None:
        words = wording.count(step.item_count, "item" if step.type == "for_each" else "turn")
        return f"{words}, {len(step.failed_items)} failed" if step.failed_items else words
    return ""


def lane_of(steps: Iterable[StepView]) -> list[tuple[str, float, float]]:
    """Bars of one lane, in thousandths of the whole time."""
    spans = [
        (step.state, step.started_at, step.finished_at)
        for step in steps
        if step.started_at and step.finished_at
    ]
    if not spans:
        return []
    begin = min(start for _, start, _ in spans)
    total = max((max(end for _, _, end in spans) - begin).total_seconds(), 0.001)
    bars = []
    for state, start, end in spans:
        left = (start - begin).total_seconds() / total * 1000
        width = max((end - start).total_seconds() / total * 1000 - 2, 3)
        bars.append(("bad" if state == "failed" else "ok", round(left, 1), round(width, 1)))
    return bars


def most_telling(steps: Sequence[StepView]) -> StepView:
    """Of several turns the one to look at first: a failure, else what goes on, else the last."""
    worst = min(SEVERITY.index(step.state) for step in steps)
    return [step for step in steps if SEVERITY.index(step.state) == worst][-1]
