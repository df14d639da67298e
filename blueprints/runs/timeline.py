"""A run's steps on a shared axis of time: where each bar begins and how wide it is.

The time that the run lay failed is left out, as it is of the time it took: else a run that somebody
took up a day later would show nothing but that day.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from blueprints.runs.step_words import more, time
from core import clock
from core.runtime.run_cuts import Interruption
from core.runtime.run_view import RunView
from core.runtime.step_view import StepView

MOST_TICKS = 5
NARROWEST = 0.5  # percent; shorter bars would not be seen
STEPS_OF_TIME = (
    *(base * scale / 1000 for scale in (1, 10, 100) for base in (1, 2, 5)),
    *(1, 2, 3, 5, 10, 15, 30),
    *(60 * minutes for minutes in (1, 2, 3, 5, 10, 15, 30)),
    *(3600 * hours for hours in (1, 2, 3, 6, 12)),
    *(86400 * days for days in (1, 2, 3, 7, 14, 30, 60, 120, 365)),
)
UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"), (0.001, "ms"))


@dataclass(frozen=True, slots=True)
class Bar:
    """A piece of a step's time, in percent of the axis; `kind` names its look."""

    x: float
    width: float
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on the axis and its label."""

    x: float
    label: str


@dataclass(frozen=True, slots=True)
class Row:
    """A step with its bars and its words."""

    step: StepView
    bars: tuple[Bar, ...]
    more: str  # beside its name
    time: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """The axis, the rows, and the times nobody worked."""

    rows: tuple[Row, ...]
    ticks: tuple[Tick, ...]
    breaks: tuple[Bar, ...]
    kinds: frozenset[str]  # the looks that occur, for the legend


def draw(view: RunView, chosen: StepView) -> Timeline:
    """The timeline of a run until now; of long turns only the chosen one shows its steps."""
    axis = _Axis.of(view)
    idle = (*view.interruptions, *view.lain)
    breaks = tuple(axis.bar(cut.since, cut.until or axis.now, "") for cut in idle)
    rows = tuple(
        Row(step, tuple(_bars(step, axis, view.interruptions)), more(step), time(step, view.zone))
        for step in (view.start, *visible(view.steps, chosen))
    )
    kinds = frozenset(bar.kind for row in rows for bar in row.bars)
    return Timeline(rows, axis.ticks(), breaks, kinds)


def visible(steps: Sequence[StepView], chosen: StepView) -> Iterator[StepView]:
    """The steps without those of paths not taken, blocks never entered, and folded turns."""
    hidden_below: int | None = None
    for step in steps:
        if hidden_below is not None and step.depth > hidden_below:
            continue
        hidden_below = None
        if step.is_untaken:
            continue
        if _is_folded(step, chosen):
            hidden_below = step.depth
        yield step


def _is_folded(step: StepView, chosen: StepView) -> bool:
    if step.is_turn:
        return step.state == "done" and not f"{chosen.path}/".startswith(f"{step.path}/")
    return step.is_block and step.state in ("not_reached", "skipped")


@dataclass(frozen=True, slots=True)
class _Axis:
    start: datetime
    now: datetime
    left_out: tuple[tuple[datetime, datetime], ...]
    step: float  # seconds between ticks
    length: float  # seconds

    @classmethod
    def of(cls, view: RunView) -> "_Axis":
        start = view.run.created_at
        now = view.run.finished_at or clock.now()
        left_out = tuple((lain.since, lain.until or now) for lain in view.lain)
        ends = [s.finished_at for s in view.steps if s.finished_at]
        needed = max(_seconds(start, max([now, *ends]), left_out), 0.001)
        step = next((s for s in STEPS_OF_TIME if needed / s <= MOST_TICKS), STEPS_OF_TIME[-1])
        return cls(start, now, left_out, step, -(-needed // step) * step)

    def x(self, at: datetime) -> float:
        share = _seconds(self.start, at, self.left_out) / self.length * 100
        return round(min(max(share, 0), 100), 2)

    def bar(self, since: datetime, until: datetime, kind: str) -> Bar:
        x = min(self.x(since), 100 - NARROWEST)
        return Bar(x, max(round(self.x(until) - x, 2), NARROWEST), kind)

    def ticks(self) -> tuple[Tick, ...]:
        size, unit = next((size, unit) for size, unit in UNITS if self.step >= size)
        count = round(self.length / self.step)
        labels = ["0", *(f"{at * self.step / size:g} {unit}" for at in range(1, count + 1))]
        return tuple(Tick(round(at / count * 100, 2), label) for at, label in enumerate(labels))


def _seconds(
    start: datetime, end: datetime, left_out: Sequence[tuple[datetime, datetime]]
) -> float:
    """How many there are between the two, without those that are left out."""
    passed = sum((min(end, until) - since for since, until in left_out if since < end), timedelta())
    return (end - start - passed).total_seconds()


def _bars(step: StepView, axis: _Axis, interruptions: Sequence[Interruption]) -> Iterator[Bar]:
    if step.started_at is None or step.state in ("not_reached", "skipped"):
        return
    until = step.finished_at or axis.now
    if step.is_block:
        yield axis.bar(step.started_at, until, "block")
    elif len(step.attempts) > 1 or (step.attempts and step.attempts[0].due):
        yield from _attempt_bars(step, axis)
    elif step.is_wait:
        yield axis.bar(step.started_at, until, "wait")
    else:
        yield from _cut_bars(step, until, axis, interruptions)


def _attempt_bars(step: StepView, axis: _Axis) -> Iterator[Bar]:
    """Each try in its colour, and the waits between them."""
    for attempt, following in zip(step.attempts, (*step.attempts[1:], None), strict=True):
        if attempt.started_at is None:
            continue
        until = attempt.finished_at or axis.now
        kind = "bad" if attempt.error else _look(step)
        yield axis.bar(attempt.started_at, until, kind)
        if attempt.due and attempt.due - until > timedelta():
            end = following.started_at if following and following.started_at else axis.now
            yield axis.bar(until, end, "wait")


def _cut_bars(
    step: StepView, until: datetime, axis: _Axis, interruptions: Sequence[Interruption]
) -> Iterator[Bar]:
    """The step's time without the times nobody worked; what was cut off is dashed."""
    since = step.started_at
    assert since is not None
    for cut in interruptions:
        if since <= cut.since < until:
            yield axis.bar(since, cut.since, "cut")
            since = cut.until or until
    if since < until or not interruptions or since == step.started_at:
        yield axis.bar(since, until, _look(step))


def _look(step: StepView) -> str:
    return {"failed": "bad", "running": "run", "waiting": "wait", "interrupted": "cut"}.get(
        step.state, ""
    )
