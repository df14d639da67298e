"""How pages say the next times of a schedule."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from core import clock
from core.engine import recurrence
from core.engine.recurrence import Occurrence, Recurrence, words

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
MONTH, YEAR = timedelta(days=30.44), timedelta(days=365.25)
FAR = 100 * DAY
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Time:
    """One coming time: “Fri 23 Oct”, “2:30”, “in 12 h”, and what a change of clocks does."""

    day: str
    at: str
    wait: str
    mark: str
    note: str


def coming(rhythm: Recurrence, after: datetime | None = None) -> list[Time]:
    """The next five times."""
    now = clock.now()
    found = recurrence.upcoming(rhythm, after or now, SHOWN)
    has_seconds = any(each.local.second for each in found)
    return [say(each, now, has_seconds=has_seconds) for each in found]


def say(each: Occurrence, now: datetime, *, has_seconds: bool = False) -> Time:
    """A coming time in words."""
    local = each.local
    year = "" if local.year == now.astimezone(local.tzinfo).year else f" {local.year}"
    at = f"{local:%-H:%M:%S}" if has_seconds else f"{local:%-H:%M}"
    left = wait(each.at, now) if not year or each.at - now < FAR else ""  # the year says enough
    return Time(f"{local:%a} {local.day} {local:%b}{year}", at, left, each.mark, each.note)


def wait(at: datetime, now: datetime) -> str:
    """How long until then: in 3 min, in 12 h, in 2 days, in 4 months."""
    left = at - now
    if left < MINUTE:
        return f"in {left.seconds} s" if left.days >= 0 else "now"
    if left < HOUR:
        return f"in {left // MINUTE} min"
    if left < 2 * DAY:
        return f"in {round(left / HOUR)} h"
    if left < FAR:
        return f"in {round(left / DAY)} days"
    return (
        f"in {round(left / MONTH)} months" if left < 2 * YEAR else f"in {round(left / YEAR)} years"
    )


def when(at: datetime, zone: str, now: datetime) -> str:
    """A time near enough to be understood: 14:35, tomorrow 2:30, Fri 7:30, Sun 1 Nov 6:00."""
    local, today = at.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone)).date()
    time, days = f"{local:%-H:%M}", (local.date() - today).days
    if days in (0, 1, -1):
        return {0: "", 1: "tomorrow ", -1: "yesterday "}[days] + time
    if abs(days) < 7:
        return f"{local:%a} {time}"
    year = "" if local.year == today.year else f" {local.year}"
    return f"{local:%a} {local.day} {local:%b}{year} {time}"


def title(schedule: Mapping[str, Any]) -> str:
    """When a schedule runs, as a heading: “Every weekday at 9:00”."""
    said = words.words(schedule)
    return said[:1].upper() + said[1:]
