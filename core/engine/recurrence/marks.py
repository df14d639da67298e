"""The next times of a recurrence, with a sentence where a change of clocks makes itself felt."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Protocol

from core.engine import durations
from core.engine.recurrence import wall
from core.engine.recurrence.cron import Cron

DAY = timedelta(days=1)


class Recurring(Protocol):
    """What has next times."""

    @property
    def zone(self) -> tzinfo:
        """Where its clock hangs."""

    @property
    def is_by_the_clock(self) -> bool:
        """Whether a change of clocks is nothing to it."""

    def next_after(self, moment: datetime) -> datetime | None:
        """The first time later than the moment."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time that comes.

    `mark` is moved (clocks skip its time of day), once (they show it twice, it comes the first
    time), again (it comes both times), skipped (times before it are left out), shifted (the first
    after a change) or nothing; `note` says it in words.
    """

    at: datetime
    local: datetime
    mark: str = ""
    note: str = ""


def upcoming(recurrence: Recurring, after: datetime, count: int = 5) -> list[Occurrence]:
    """The next times later than `after`."""
    found: list[Occurrence] = []
    before = after
    while len(found) < count and (at := recurrence.next_after(before)) is not None:
        local = at.astimezone(recurrence.zone)
        mark, note = mark_of(recurrence, at, before if found else None)
        found.append(Occurrence(at, local, mark, note))
        before = at
    return found


def mark_of(recurrence: Recurring, at: datetime, before: datetime | None) -> tuple[str, str]:
    """What a change of clocks in the day before a time does to it."""
    zone = recurrence.zone
    if len(both := wall.moments(wall.shown(at, zone), zone)) == 2:
        return _doubled(recurrence, at, both)
    since = at - DAY if before is None else max(before, at - DAY)
    change = wall.change(since, at, zone)
    if not change or recurrence.is_by_the_clock:
        return _left_out(recurrence, since, at) if change > timedelta() else ("", "")
    when = wall.change_between(since, at, zone)
    if at == when and _is_moved(recurrence, when):
        on = say(wall.shown(when, zone))
        return "moved", f"{_forward(when, zone)}. Its time is not there that day; it runs at {on}."
    said = _forward(when, zone) if change > timedelta() else f"Clocks go back at {_old(when, zone)}"
    length = f" It comes {durations.words(at - before)} after the time before." if before else ""
    return "shifted", f"{said}.{length}"


def say(time: datetime) -> str:
    """A time of day as people write it: 9:00."""
    return f"{time.hour}:{time.minute:02}"


def _doubled(recurrence: Recurring, at: datetime, both: tuple[datetime, ...]) -> tuple[str, str]:
    zone = recurrence.zone
    back = _old(wall.change_between(both[0], both[1], zone), zone)
    said = f"Clocks go back at {back}. {say(wall.shown(at, zone))} comes twice"
    if not recurrence.is_by_the_clock:
        return "once", f"{said}; it runs once, the first time."
    which = "first" if at == both[0] else "second"
    return "again", f"{said} and it runs both times; this is the {which}."


def _left_out(recurrence: Recurring, since: datetime, at: datetime) -> tuple[str, str]:
    """A rhythm that goes by the clock loses the times that the clock leaves out."""
    zone = recurrence.zone
    when = wall.change_between(since, at, zone)
    if not isinstance(recurrence, Cron):
        return "", ""
    missing = _next_named(recurrence, wall.shown(when - wall.SECOND, zone))
    if missing is None or missing >= wall.shown(when, zone):
        return "", ""
    return "skipped", f"{_forward(when, zone)}; the times between are left out."


def _is_moved(recurrence: Recurring, when: datetime) -> bool:
    """Whether the time that comes where clocks go on is said to be another one."""
    on = wall.shown(when, recurrence.zone)
    if not isinstance(recurrence, Cron):
        return True
    return _next_named(recurrence, on - wall.SECOND) != on


def _next_named(recurrence: Cron, time: datetime) -> datetime | None:
    """The next time of day that the text names, whether clocks show it or not."""
    found = Cron(recurrence.text, UTC).next_after(time.replace(tzinfo=UTC))
    return None if found is None else found.replace(tzinfo=None)


def _forward(when: datetime, zone: tzinfo) -> str:
    return f"Clocks go forward from {_old(when, zone)} to {say(wall.shown(when, zone))}"


def _old(when: datetime, zone: tzinfo) -> str:
    """What clocks would show if they were left as they are."""
    return say(wall.shown(when - wall.SECOND, zone) + wall.SECOND)
