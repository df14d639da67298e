"""Dates: read, count, write."""

from datetime import datetime, tzinfo
from typing import Any

from core.engine import calendar, durations
from core.engine.expressions import date_patterns
from core.engine.expressions.evaluation import Evaluation
from core.engine.expressions.function import function

SUNDAY = "'2026-11-22T08:00:00Z'"


@function("now", "{{ now() }}", "2026-11-22T08:00:00.000Z")
def now(evaluation: Evaluation) -> str:
    """The present moment."""
    return calendar.write(evaluation.now())


@function("as date", "{{ '2026-11-22 09:00+01:00' | date }}", "2026-11-22T08:00:00.000Z", "text")
def date(evaluation: Evaluation, x: datetime) -> str:
    """A moment from ISO text or milliseconds; without a zone it is meant in the run's."""
    return calendar.write(x)


@function(
    "add time", f"{{{{ {SUNDAY} | add_time('1d 30m') }}}}", "2026-11-23T08:30:00.000Z", "date"
)
def add_time(evaluation: Evaluation, date: datetime, duration: Any, zone: str | None = None) -> str:
    """Later by 30m, 2h, 7d, '1 month' or P1M, earlier with a minus; days are calendar days."""
    span = durations.parse_span(duration)
    return calendar.write(calendar.add(date, span, _zone(evaluation, zone)))


@function(
    "time since", f"{{{{ difference({SUNDAY}, '2026-11-20T20:00:00Z', 'days') }}}}", 1.5, "date"
)
def difference(evaluation: Evaluation, a: datetime, b: datetime, unit: str = "days") -> float:
    """How far a is after b, in seconds, minutes, hours, days, weeks, months or years."""
    return calendar.difference(a, b, calendar.unit(unit), evaluation.zone)


@function(
    "format the date",
    f"{{{{ {SUNDAY} | format_date('dddd, D MMMM YYYY, HH:mm', 'Europe/Berlin') }}}}",
    "Sunday, 22 November 2026, 09:00",
    "date",
)
def format_date(
    evaluation: Evaluation, date: datetime, pattern: str, zone: str | None = None
) -> str:
    """Written by a pattern such as YYYY-MM-DD HH:mm, in the run's zone or another."""
    return date_patterns.write(calendar.in_zone(date, _zone(evaluation, zone)), pattern)


@function(
    "read a date",
    "{{ parse_date('22.11.2026 09:00', 'DD.MM.YYYY HH:mm', 'Europe/Berlin') }}",
    "2026-11-22T08:00:00.000Z",
    "text",
)
def parse_date(
    evaluation: Evaluation, text: str, pattern: str | None = None, zone: str | None = None
) -> str | None:
    """The moment that a text spells by a pattern."""
    found = _zone(evaluation, zone)
    if pattern is None:
        moment = calendar.read(text, found)
    else:
        moment = date_patterns.read(text, pattern, found)
    return calendar.write(moment)


@function("start of", f"{{{{ {SUNDAY} | start_of('month') }}}}", "2026-11-01T00:00:00.000Z", "date")
def start_of(evaluation: Evaluation, date: datetime, unit: str, zone: str | None = None) -> str:
    """Where its hour, day, week (from Monday), month, quarter or year begins."""
    found = _zone(evaluation, zone)
    return calendar.write(calendar.start_of(date, calendar.unit(unit), found))


@function("end of", f"{{{{ {SUNDAY} | end_of('day') }}}}", "2026-11-22T23:59:59.999Z", "date")
def end_of(evaluation: Evaluation, date: datetime, unit: str, zone: str | None = None) -> str:
    """The last millisecond of its hour, day, week, month, quarter or year."""
    found = _zone(evaluation, zone)
    return calendar.write(calendar.end_of(date, calendar.unit(unit), found))


@function("day of the week", f"{{{{ {SUNDAY} | weekday }}}}", 7, "date")
def weekday(evaluation: Evaluation, date: datetime, zone: str | None = None) -> int:
    """1 for Monday to 7 for Sunday."""
    return calendar.in_zone(date, _zone(evaluation, zone)).isoweekday()


@function(
    "in another zone",
    f"{{{{ {SUNDAY} | to_zone('Europe/Berlin') }}}}",
    "2026-11-22T09:00:00.000+01:00",
    "date",
)
def to_zone(evaluation: Evaluation, date: datetime, zone: str) -> str:
    """The same moment as clocks in that zone show it."""
    return calendar.write_local(date, calendar.find_zone(zone))


def _zone(evaluation: Evaluation, name: str | None) -> tzinfo:
    return calendar.find_zone(name) if name else evaluation.zone
