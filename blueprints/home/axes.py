"""Axes of charts: round numbers upwards, round times sideways."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from blueprints.formats import lasted, number

MOST_STEPS = 4
SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000
ROUND_TIMES = (
    *(digit * 10**power for power in range(3) for digit in (1, 2, 5)),
    *(count * SECOND for count in (1, 2, 5, 10, 15, 30)),
    *(count * MINUTE for count in (1, 2, 5, 10, 15, 30)),
    *(count * HOUR for count in (1, 2, 3, 6, 12)),
    *(count * DAY for count in (1, 2, 5, 10, 20, 50)),
)


@dataclass(frozen=True, slots=True)
class Axis:
    """Its highest value, and its labels from the highest to zero."""

    top: float
    labels: Sequence[str]

    def y(self, value: float, height: float) -> float:
        """How far below the top of the plot a value lies."""
        return round(height * (1 - min(value / self.top, 1)), 1)

    @property
    def lines(self) -> list[float]:
        """Where its labels lie, as shares of the height, the topmost first."""
        return [place / (len(self.labels) - 1) for place in range(len(self.labels))]


def of_counts(highest: int, most_steps: int = MOST_STEPS) -> Axis:
    """An axis for counts: steps of 1, 2 or 5 and zeros."""
    step = next(step for step in _round_counts() if step * most_steps >= highest)
    steps = max(math.ceil(highest / step), 1)
    return Axis(step * steps, [number(step * place) for place in range(steps, -1, -1)])


def of_times(highest: float) -> Axis:
    """An axis for milliseconds, in steps that clocks have."""
    steps_of = (step for step in ROUND_TIMES if step * MOST_STEPS >= highest)
    step = next(steps_of, None) or DAY * 100 * math.ceil(highest / (DAY * 100 * MOST_STEPS))
    steps = max(math.ceil(highest / step), 1)
    labels = [lasted(step * place) for place in range(steps, 0, -1)]
    return Axis(step * steps, [*labels, "0"])


@dataclass(frozen=True, slots=True)
class Tick:
    """A label under the plot, at that percentage of its width."""

    x: float
    label: str
    is_wide_only: bool  # phones have no room for it


def sideways(period: str, begins: Sequence[datetime], zone: ZoneInfo) -> list[Tick]:
    """Round times under the stretches that begin with them."""
    ticks = [
        (place, _label(period, begin.astimezone(zone)))
        for place, begin in enumerate(begins)
        if place and _is_round(period, begin.astimezone(zone))
    ]
    shown = [(place, label) for place, label in ticks if 0.03 <= place / len(begins) <= 0.97]
    return [
        Tick(round(place / len(begins) * 100, 2), label, number % 2 == 1)
        for number, (place, label) in enumerate(shown)
    ]


def _round_counts() -> Iterator[int]:
    power = 1
    while True:
        yield from (power, 2 * power, 5 * power)
        power *= 10


def _is_round(period: str, local: datetime) -> bool:
    match period:
        case "hour":
            return local.minute % 10 == 0
        case "day":
            return local.hour % 4 == 0 and local.minute == 0
        case "week":
            return local.hour == 0
        case _:
            return (local.toordinal() - 1) % 5 == 0


def _label(period: str, local: datetime) -> str:
    match period:
        case "week":
            return f"{local:%a} {local.day}"
        case "month":
            return f"{local.day} {local:%b}"
        case _:
            return f"{local:%-H:%M}"
