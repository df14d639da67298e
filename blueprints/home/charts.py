"""The dashboard's charts as numbers to draw: bars, a strip of failures, and three lines.

Sideways everything is in percent, so that a chart fits any width without a script.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from markupsafe import Markup

from blueprints.formats import lasted, moment, number, plural
from blueprints.home import axes
from blueprints.home.axes import Axis, Tick
from core.runtime.dashboard import Figures, SpanFigures
from core.runtime.run_times import Times

HEIGHT, STRIP = 160, 34  # pixels
LEAST = 2  # pixels of a bar that is not empty
SPARK_BARS = 16
USUAL_SHARE, FAR_HIGHER = 0.8, 3  # beyond three times what four of five stretches reach


@dataclass(frozen=True, slots=True)
class Slot:
    """One stretch: where it lies, its bars, and what it says."""

    x: float
    width: float
    y: float
    height: float
    strip_y: float
    strip_height: float
    is_part: bool  # the period begins or ends inside it
    when: str
    stretch: SpanFigures

    @property
    def bar_x(self) -> float:
        """Where its bar begins, a little inside."""
        return round(self.x + self.width * 0.14, 2)

    @property
    def bar_width(self) -> float:
        """A bar leaves room to the next one."""
        return round(self.width * 0.72, 2)


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything that both charts and their tables show."""

    slots: Sequence[Slot]
    runs: Axis
    failed: Axis
    took: Axis
    ticks: Sequence[Tick]
    lines: Sequence[tuple[str, str]]  # which line, its path
    area: str  # below the lowest line
    peak: float | None  # milliseconds, when a line goes beyond the axis


def draw(figures: Figures, zone: ZoneInfo) -> Chart:
    """The charts of these figures, told in that zone."""
    stretches = figures.spans
    runs = axes.of_counts(max(stretch.runs for stretch in stretches))
    failed = axes.of_counts(max(stretch.failed for stretch in stretches), most_steps=1)
    peak, took = _took([stretch.times for stretch in stretches if stretch.times])
    begins = [stretch.span.begin for stretch in stretches]
    lines = {
        name: [getattr(stretch.times, name, None) for stretch in stretches]
        for name in ("typical", "slow", "slowest")
    }
    return Chart(
        _slots(figures, runs, failed, zone),
        runs,
        failed,
        took,
        axes.sideways(figures.period.key, begins, zone),
        [
            (key, path(lines[name], took))
            for key, name in (("three", "slowest"), ("two", "slow"), ("", "typical"))
        ],
        path(lines["typical"], took, is_area=True),
        peak if peak > took.top else None,
    )


def _took(known: Sequence[Times]) -> tuple[float, Axis]:
    """The highest time, and an axis on which a few far higher than all others are cut off."""
    highest = sorted(times.slowest for times in known) or [1.0]
    usual = highest[int(len(highest) * USUAL_SHARE)]
    return highest[-1], axes.of_times(min(highest[-1], usual * FAR_HIGHER))


def _slots(figures: Figures, runs: Axis, failed: Axis, zone: ZoneInfo) -> list[Slot]:
    width, found = 100 / len(figures.spans), []
    for place, stretch in enumerate(figures.spans):
        tall = _height(stretch.runs, runs, HEIGHT)
        bad = _height(stretch.failed, failed, STRIP)
        slot = Slot(
            x=round(place * width, 2),
            width=round(width, 2),
            y=round(HEIGHT - tall, 1),
            height=tall,
            strip_y=round(STRIP - bad, 1),
            strip_height=bad,
            is_part=not stretch.span.is_whole,
            when=said(stretch, figures.period.key, zone),
            stretch=stretch,
        )
        found.append(slot)
    return found


def path(values: Sequence[float | None], axis: Axis, *, is_area: bool = False) -> str:
    """A line through the middles of the stretches; where nothing ran, it is interrupted."""
    width, pieces, points = 100 / len(values), [], []
    for place, value in enumerate([*values, None]):
        if value is not None:
            points.append(((place + 0.5) * width, axis.y(value, HEIGHT)))
        elif points:
            pieces.append(_piece(points, width, is_area))
            points = []
    return " ".join(pieces)


def said(stretch: SpanFigures, period: str, zone: ZoneInfo) -> str:
    """Which time a stretch is: “14:00 to 14:30”, “Mon 16, 4:00 to 8:00”, “Mon 16 Nov”."""
    begin, end = stretch.span.begin.astimezone(zone), stretch.span.end.astimezone(zone)
    if period == "month":
        part = "" if stretch.span.is_whole else f", {begin:%-H:%M} to {_end(end)}"
        return f"{begin:%a} {begin.day} {begin:%b}{part}"
    day = f"{begin:%a} {begin.day}, " if period == "week" else ""
    return f"{day}{begin:%-H:%M} to {_end(end)}"


def say_runs(figures: Figures, chart: Chart, zone: ZoneInfo) -> str:
    """The first chart in a sentence, for people who can't see it."""
    if not figures.runs:
        return "No runs in this period."
    most = max(chart.slots, key=lambda slot: slot.stretch.runs)
    count = number(most.stretch.runs)
    return f"{plural(figures.runs, 'run')}; most of them {most.when}, with {count}."


def say_failed(figures: Figures, chart: Chart) -> str:
    """The strip of failures in a sentence."""
    if not figures.failed:
        return "No run failed."
    most = max(chart.slots, key=lambda slot: slot.stretch.failed)
    return f"{number(figures.failed)} failed; most of them {most.when}."


def say_times(times: Times | None) -> str:
    """Three times in a sentence."""
    if times is None:
        return "No run ended."
    slow, slowest = lasted(times.slow), lasted(times.slowest)
    return f"Typical {lasted(times.typical)}, slow {slow}, slowest 1 % {slowest}."


def spark(figures: Figures, kind: str) -> list[tuple[int, int]]:
    """Runs or failures, added up to a few bars: pairs of (good, bad)."""
    stretches = figures.spans
    found = [0] * min(SPARK_BARS, len(stretches))
    for place, stretch in enumerate(stretches):
        slot = place * len(found) // len(stretches)
        found[slot] += stretch.runs if kind == "runs" else stretch.failed
    return [(count, 0) if kind == "runs" else (0, count) for count in found]


def until(at: datetime, zone: ZoneInfo) -> str:
    """The time of day in that zone."""
    return f"{at.astimezone(zone):%-H:%M}"


def between(first: datetime, last: datetime, zone: ZoneInfo) -> Markup:
    """When something happened that happened more than once: “yesterday 15:34 to 23:58”."""
    begin, end = first.astimezone(zone), last.astimezone(zone)
    if (begin.date(), begin.hour, begin.minute) == (end.date(), end.hour, end.minute):
        return moment(last)
    is_same_day = begin.date() == end.date()
    return Markup("{} to {}").format(
        moment(first), f"{end:%-H:%M}" if is_same_day else moment(last)
    )


def _height(count: int, axis: Axis, full: int) -> float:
    return max(round(full * count / axis.top, 1), LEAST) if count else 0


def _end(end: datetime) -> str:
    return f"{end:%-H:%M}" if (end.hour, end.minute) != (0, 0) else "24:00"


def _piece(points: list[tuple[float, float]], width: float, is_area: bool) -> str:
    if len(points) == 1:
        x, y = points[0]
        points = [(x - 0.3 * width, y), (x + 0.3 * width, y)]
    line = " L".join(f"{x:.2f},{y:.1f}" for x, y in points)
    if not is_area:
        return f"M{line}"
    return f"M{points[0][0]:.2f},{HEIGHT} L{line} L{points[-1][0]:.2f},{HEIGHT} Z"
