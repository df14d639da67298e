"""A cron text of five fields, read as a calendar in a time zone does."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache

from cronsim import CronSim, CronSimError

from core.engine.calendar import CalendarError
from core.engine.recurrence import wall

LONGEST_TEXT = 100  # characters
NICKNAMES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
FIELDS = ["minute", "hour", "day", "month", "weekday"]
NAMES = {"day-of-month": "day", "day-of-week": "weekday"}
LONGEST_CHANGE = timedelta(days=1, hours=1)  # a zone may skip a whole day when it moves
SOME_DAY = datetime(2024, 1, 1)


@dataclass(frozen=True, slots=True)
class Cron:
    """Times of day and days of the calendar.

    Times that are said one by one (`30 2 * * *`) come once a day: one that clocks skip comes
    where they go on, one that they show twice the first time. Where the minute or the hour
    begins with `*`, the clock decides: skipped times are left out, repeated ones come twice.
    """

    text: str
    zone: tzinfo

    def __post_init__(self) -> None:
        check(self.text)

    @property
    def is_by_the_clock(self) -> bool:
        """Whether it is said as a rhythm and not as times one by one."""
        minute, hour = fields_of(self.text)[:2]
        return minute.startswith("*") or hour.startswith("*")

    def next_after(self, moment: datetime) -> datetime | None:
        """The first time later than the moment, if there is one within fifty years."""
        here = wall.shown(moment, self.zone)
        again = wall.repeated(moment, self.zone)
        found: list[datetime] = []
        for time in self._times(here - again):
            found += [at for at in self.moments(time) if at > moment]
            if found and time > here:
                break
        return min(found, default=None)

    def latest(self, after: datetime, until: datetime, most: int) -> list[datetime]:
        """The last times later than `after` and not later than `until`, in order."""
        first = wall.shown(after, self.zone) - LONGEST_CHANGE
        found: set[datetime] = set()
        for time in self._times(wall.shown(until, self.zone) + LONGEST_CHANGE, reverse=True):
            if time < first or len(found) > most + 1:
                break
            found |= {at for at in self.moments(time) if after < at <= until}
        return sorted(found)[-most:]

    def moments(self, time: datetime) -> tuple[datetime, ...]:
        """When it comes for a time that matches the text."""
        if self.is_by_the_clock:
            return wall.moments(time, self.zone)
        return (wall.one_moment(time, self.zone),)

    def _times(self, start: datetime, *, reverse: bool = False) -> Iterator[datetime]:
        try:
            yield from CronSim(plain(self.text), start, reverse=reverse)
        except (OverflowError, ValueError):  # where the calendar ends
            return


def plain(text: str) -> str:
    """The five fields, from a nickname such as @daily too."""
    return NICKNAMES.get(text.strip().lower(), text)


def fields_of(text: str) -> list[str]:
    """The fields of a text that has been checked."""
    return plain(text).split()


@lru_cache(maxsize=1000)
def check(text: str) -> None:
    """Raises CalendarError if the text can't be read or its time never comes."""
    fields = fields_of(text) if len(text) <= LONGEST_TEXT else []
    if len(fields) != len(FIELDS):
        raise CalendarError(
            f"“{text[:LONGEST_TEXT]}” must have five fields: minute, hour, day, month, weekday; "
            "“0 9 * * 1-5” is every weekday at 9:00"
        )
    try:
        next(CronSim(" ".join(fields), SOME_DAY))
    except (CronSimError, AssertionError) as error:
        raise CalendarError(f"“{text}”: {_what_is_wrong(str(error), fields)}") from error
    except StopIteration:
        raise CalendarError(f"“{text}” never comes") from None


def _what_is_wrong(said: str, fields: list[str]) -> str:
    name = said.removeprefix("Bad ")
    name = NAMES.get(name, name)
    if name not in FIELDS:
        return "it can't be read"
    given = fields[FIELDS.index(name)]
    if name == "day" and given.isdigit() and 1 <= int(given) <= 31:
        return f"no such month has a day {given}, so it never comes"
    return f"its {name} “{given}” can't be read"
