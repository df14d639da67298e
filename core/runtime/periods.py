"""Periods that figures are shown for, and the even stretches that charts cut them into."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """A length of time until now; `step` is the length of its stretches."""

    key: str
    length: timedelta
    step: timedelta


@dataclass(frozen=True, slots=True)
class Span:
    """One stretch; `is_whole` unless the period begins or ends inside it."""

    begin: datetime
    end: datetime
    is_whole: bool


PERIODS = {
    period.key: period
    for period in (
        Period("hour", HOUR, timedelta(minutes=1)),
        Period("day", DAY, timedelta(minutes=30)),
        Period("week", timedelta(days=7), timedelta(hours=4)),
        Period("month", timedelta(days=30), DAY),
    )
}


def spans(period: Period, now: datetime, zone: ZoneInfo) -> list[Span]:
    """The stretches of a period, cut where a clock of that zone shows a round time."""
    begin = now - period.length
    marks = [begin, *_marks(begin, now, period.step, zone), now]
    last = len(marks) - 2
    return [Span(marks[number], marks[number + 1], 0 < number < last) for number in range(last + 1)]


def _marks(begin: datetime, end: datetime, step: timedelta, zone: ZoneInfo) -> Iterator[datetime]:
    local = begin.astimezone(zone).replace(tzinfo=None)
    wall = local.replace(hour=0, minute=0, second=0, microsecond=0)
    latest = begin
    while latest < end:
        wall += step
        # Clocks that are put forward or back make one stretch shorter or longer.
        moment = wall.replace(tzinfo=zone).astimezone(UTC)
        if latest < moment < end:
            yield moment
        latest = max(latest, moment)
