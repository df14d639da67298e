"""Lengths of time: `500ms`, `30s`, `5m`, `2h`, `7d` or ISO 8601, to and from words."""

import re
from dataclasses import dataclass
from datetime import timedelta

from core.engine.errors import EngineError

LONGEST_TEXT = 100  # characters
EXPECTED = "write it as 500ms, 30s, 5m, 2h, 7d or PT1H30M"

UNITS = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
}
DAYS = {"d": 1, "w": 7}
MONTHS = {"month": 1, "year": 12}
SPELLED = {
    "millisecond": "ms",
    "second": "s",
    "minute": "m",
    "hour": "h",
    "day": "d",
    "week": "w",
    "month": "month",
    "year": "year",
}
PART = re.compile(r"\s*([0-9]{1,15}(?:\.[0-9]{1,9})?)\s*([a-z]+)")
ISO = re.compile(
    r"P(?!$)(?:([0-9]{1,9})Y)?(?:([0-9]{1,9})M)?(?:([0-9]{1,9})W)?(?:([0-9]{1,9})D)?"
    r"(?:T(?=[0-9])(?:([0-9]{1,9})H)?(?:([0-9]{1,9})M)?(?:([0-9]{1,12}(?:[.,][0-9]{1,9})?)S)?)?"
)


class DurationError(EngineError, ValueError):
    """The text is no length of time."""


@dataclass(frozen=True, slots=True)
class Span:
    """A length as a calendar counts it: months and days are not always equally long."""

    months: int = 0
    days: int = 0
    time: timedelta = timedelta()

    def __neg__(self) -> "Span":
        return Span(-self.months, -self.days, -self.time)


def parse(given: str | float) -> timedelta:
    """A length of time, never negative; a number means seconds. Raises DurationError."""
    span = parse_span(given)
    if span.months:
        raise DurationError(f"“{given}” has no fixed length; use days")
    length = _timedelta(given, days=span.days) + span.time
    if length < timedelta():
        raise DurationError(f"“{given}” is negative")
    return length


def parse_span(given: str | float) -> Span:
    """A length that may hold months and years, and may be negative. Raises DurationError."""
    if isinstance(given, bool) or not isinstance(given, str | int | float):
        raise DurationError(f"a length of time is expected: {EXPECTED}")
    if not isinstance(given, str):
        return Span(time=_timedelta(given, seconds=given))
    text = given.strip()
    if len(text) > LONGEST_TEXT:
        raise DurationError(f"a length of time is expected: {EXPECTED}")
    if text[:1] in "+-" and text:
        span = _read(text[1:].strip(), given)
        return -span if text[0] == "-" else span
    return _read(text, given)


def words(length: timedelta) -> str:
    """The two largest units of a length: “1 hour 30 minutes”."""
    if length < timedelta():
        return f"minus {words(-length)}"
    left = round(length / timedelta(milliseconds=1))
    parts = []
    for name, size in _WORDS:
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {name}" if count == 1 else f"{count} {name}s")
    return " ".join(parts[:2]) or "0 seconds"


_WORDS = (
    ("day", 86_400_000),
    ("hour", 3_600_000),
    ("minute", 60_000),
    ("second", 1000),
    ("millisecond", 1),
)


def _read(text: str, given: str) -> Span:
    if match := ISO.fullmatch(text):
        return _read_iso(match, given)
    span, position = Span(), 0
    while position < len(text):
        match = PART.match(text, position)
        if not match:
            break
        span = _add(span, float(match[1]), _unit(match[2]), given)
        position = match.end()
    if not text or position < len(text):
        raise DurationError(f"“{given}” is not a length of time; {EXPECTED}")
    return span


def _unit(word: str) -> str:
    return SPELLED.get(word.removesuffix("s"), word) if len(word) > 2 else word


def _add(span: Span, count: float, unit: str, given: str) -> Span:
    if unit in UNITS:
        more = _timedelta(given, milliseconds=count * (UNITS[unit] / UNITS["ms"]))
        return Span(span.months, span.days, span.time + more)
    if unit not in DAYS and unit not in MONTHS:
        raise DurationError(f"“{given}” is not a length of time; {EXPECTED}")
    if unit in MONTHS and not count.is_integer():
        raise DurationError(f"“{given}”: months and years are whole numbers")
    if unit in MONTHS:
        return Span(span.months + int(count) * MONTHS[unit], span.days, span.time)
    whole, rest = divmod(count * DAYS[unit], 1)
    return Span(span.months, span.days + int(whole), span.time + _timedelta(given, days=rest))


def _read_iso(match: re.Match[str], given: str) -> Span:
    years, months, weeks, days, hours, minutes = (int(part or 0) for part in match.groups()[:6])
    seconds = float((match[7] or "0").replace(",", "."))
    time = _timedelta(given, hours=hours, minutes=minutes, seconds=seconds)
    return Span(years * 12 + months, weeks * 7 + days, time)


def _timedelta(given: object, **parts: float) -> timedelta:
    try:
        return timedelta(**parts)
    except (OverflowError, ValueError) as error:
        raise DurationError(f"“{given}” is too long") from error
