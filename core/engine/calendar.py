"""Moments: reading and writing ISO text, and counting as a calendar in a time zone does."""

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from core.engine.durations import Span
from core.engine.errors import EngineError

MOMENT = re.compile(
    r"\s*([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,9}))?)?"
    r"\s?(Z|z|[+-][0-9]{2}(?::?[0-9]{2})?)?)?\s*"
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
UNITS = ("millisecond", "second", "minute", "hour", "day", "week", "month", "quarter", "year")
FIXED = {
    "millisecond": MILLISECOND,
    "second": timedelta(seconds=1),
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
}
MONTHS = {"month": 1, "quarter": 3, "year": 12}


class CalendarError(EngineError, ValueError):
    """There is no such moment, zone or unit."""


def looks_like_moment(text: str) -> bool:
    """Whether a text is written like an ISO date or time."""
    return len(text) >= 10 and text.count("-", 0, 12) >= 2 and bool(MOMENT.fullmatch(text))


def read(text: str, zone: tzinfo) -> datetime:
    """The moment of an ISO text, in that zone unless it names its own. Raises CalendarError."""
    match = MOMENT.fullmatch(text) if len(text) <= 60 else None
    if not match:
        raise CalendarError(f"“{text[:40]}” is not a date; write it as 2026-11-22T08:00:00Z")
    fraction = (match[7] or "").ljust(6, "0")[:6]
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    try:
        clock = datetime(year, month, day, hour, minute, second, int(fraction))
        return clock.replace(tzinfo=_offset(match[8]) or zone).astimezone(UTC)
    except (OverflowError, ValueError) as error:
        raise CalendarError(f"“{text.strip()}”: there is no such date or time") from error


def from_milliseconds(milliseconds: float) -> datetime:
    """The moment that many milliseconds after 1970 began in Greenwich. Raises CalendarError."""
    try:
        return EPOCH + timedelta(milliseconds=milliseconds)
    except (OverflowError, ValueError) as error:
        raise CalendarError("the date lies too far away") from error


def write(moment: datetime) -> str:
    """The one way in which moments are written: `2026-11-22T08:00:00.000Z`."""
    return _iso(in_zone(moment, UTC))[:-6] + "Z"


def write_local(moment: datetime, zone: tzinfo) -> str:
    """A moment as a clock in that zone shows it, with its distance from Greenwich."""
    return _iso(in_zone(moment, zone))


def in_zone(moment: datetime, zone: tzinfo) -> datetime:
    """The same moment on the clocks of that zone. Raises CalendarError."""
    try:
        return moment.astimezone(zone)
    except (OverflowError, ValueError) as error:
        raise CalendarError("the date lies too far away") from error


@lru_cache(maxsize=1000)
def find_zone(name: str) -> tzinfo:
    """A time zone by its name, such as Europe/Berlin. Raises CalendarError."""
    try:
        return UTC if name in ("UTC", "Z") else ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise CalendarError(
            f"there is no time zone called “{name[:40]}”; write it as Europe/Berlin"
        ) from error


def unit(text: str) -> str:
    """A unit's name from its singular or plural. Raises CalendarError."""
    found = text.strip().lower().removesuffix("s")
    if found not in UNITS:
        raise CalendarError(f"there is no unit called “{text[:40]}”; use one of {', '.join(UNITS)}")
    return found


def add(moment: datetime, span: Span, zone: tzinfo) -> datetime:
    """Months and days by the calendar of that zone, hours and less by the watch."""
    try:
        if span.months or span.days:
            local = _add_months(in_zone(moment, zone), span.months)
            moment = (local + timedelta(days=span.days)).astimezone(UTC)
        return moment.astimezone(UTC) + span.time
    except (OverflowError, ValueError) as error:
        raise CalendarError("the date lies too far away") from error


def start_of(moment: datetime, unit: str, zone: tzinfo) -> datetime:
    """Where the unit that holds the moment begins in that zone; weeks begin on Monday."""
    local = in_zone(moment, zone)
    if unit == "millisecond":
        return local.replace(microsecond=local.microsecond // 1000 * 1000)
    local = local.replace(microsecond=0)
    if unit == "second":
        return local
    if unit in ("minute", "hour"):
        spare = local.minute * 60 if unit == "hour" else 0
        return in_zone(local.astimezone(UTC) - timedelta(seconds=local.second + spare), zone)
    return _first_moment(_first_day(local, unit))


def end_of(moment: datetime, unit: str, zone: tzinfo) -> datetime:
    """The last millisecond of the unit that holds the moment."""
    start = start_of(moment, unit, zone)
    span = Span(months=MONTHS.get(unit, 0))
    if unit in ("day", "week"):
        span = Span(days=FIXED[unit].days)
    elif unit in FIXED:
        span = Span(time=FIXED[unit])
    return add(add(start, span, zone), Span(time=-MILLISECOND), zone)


def difference(later: datetime, earlier: datetime, unit: str, zone: tzinfo) -> float:
    """How many units lie between; whole ones for months, quarters and years."""
    if unit in MONTHS:
        return int(_whole_months(in_zone(later, zone), in_zone(earlier, zone)) / MONTHS[unit])
    count = (later - earlier) / FIXED[unit]
    return int(count) if count.is_integer() else count


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")


def _offset(text: str | None) -> tzinfo | None:
    if not text:
        return None
    if text in ("Z", "z"):
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    distance = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-distance if text[0] == "-" else distance)


def _add_months(local: datetime, months: int) -> datetime:
    if not months:
        return local
    years, month = divmod(local.year * 12 + local.month - 1 + months, 12)
    first = local.replace(year=years, month=month + 1, day=1)
    return first.replace(day=min(local.day, monthrange(first.year, first.month)[1]))


def _first_day(local: datetime, unit: str) -> datetime:
    if unit == "week":
        return local - timedelta(days=local.weekday())
    if unit in MONTHS:
        month = 1 if unit == "year" else (local.month - 1) // MONTHS[unit] * MONTHS[unit] + 1
        return local.replace(day=1, month=month)
    return local


def _first_moment(local: datetime) -> datetime:
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    return in_zone(in_zone(midnight, UTC), midnight.tzinfo or UTC)


def _whole_months(later: datetime, earlier: datetime) -> int:
    if later < earlier:
        return -_whole_months(earlier, later)
    months = (later.year - earlier.year) * 12 + later.month - earlier.month
    return months - (_add_months(earlier, months) > later)
