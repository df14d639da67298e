"""A length of time, over and over, counted from a start."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cached_property

from core.engine import durations
from core.engine.calendar import CalendarError
from core.engine.durations import DurationError, Span
from core.engine.recurrence import wall

MONTH = timedelta(days=30.436875)  # on average
SHORTEST = timedelta(seconds=1)
LONGEST = timedelta(days=3660)


@dataclass(frozen=True)
class Every:
    """The start, and each whole number of lengths after it.

    Days, weeks and months keep the time of day; a month that has no such day gives its last one.
    """

    text: str
    zone: tzinfo
    start: datetime

    def __post_init__(self) -> None:
        if not SHORTEST <= self.length <= LONGEST:
            raise CalendarError(f"“{self.text}” must be between 1 second and 10 years")

    @cached_property
    def span(self) -> Span:
        """The length as a calendar counts it."""
        try:
            return durations.parse_span(self.text)
        except DurationError as error:
            raise CalendarError(str(error)) from error

    @cached_property
    def length(self) -> timedelta:
        """About how long it is."""
        try:
            return self.span.months * MONTH + timedelta(days=self.span.days) + self.span.time
        except OverflowError as error:
            raise CalendarError(f"“{self.text}” is too long") from error

    @property
    def is_by_the_clock(self) -> bool:
        """Whether it goes on through a change of clocks as if there were none."""
        return not (self.span.months or self.span.days)

    def next_after(self, moment: datetime) -> datetime:
        """The first time later than the moment."""
        return self._at(self._count_until(moment) + 1)

    def latest(self, after: datetime, until: datetime, most: int) -> list[datetime]:
        """The last times later than `after` and not later than `until`, in order."""
        last = self._count_until(until)
        first = max(self._count_until(after) + 1, last - most + 1)
        return [self._at(count) for count in range(first, last + 1)]

    def _count_until(self, moment: datetime) -> int:
        """The number of the last time that is not later; 0 is the start, which is the first."""
        count = max(0, (moment - self.start) // self.length - 2)
        while count >= 0 and self._at(count) > moment:
            count -= 1
        while self._at(count + 1) <= moment:
            count += 1
        return count

    def _at(self, count: int) -> datetime:
        span = self.span
        if self.is_by_the_clock:
            return (self.start + span.time * count).astimezone(UTC)
        local = _add_months(wall.shown(self.start, self.zone), span.months * count)
        local += timedelta(days=span.days * count)
        return wall.one_moment(local, self.zone) + span.time * count


def _add_months(local: datetime, months: int) -> datetime:
    years, month = divmod(local.year * 12 + local.month - 1 + months, 12)
    last = monthrange(years, month + 1)[1]
    return local.replace(year=years, month=month + 1, day=min(local.day, last))
