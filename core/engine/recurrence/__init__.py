"""When something happens again and again: a cron text or a length of time, in a time zone."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from core.engine import calendar
from core.engine.calendar import CalendarError
from core.engine.recurrence.cron import Cron
from core.engine.recurrence.every import Every
from core.engine.recurrence.marks import Occurrence, upcoming

__all__ = ["Occurrence", "Recurrence", "RecurrenceError", "read", "upcoming"]

Recurrence = Cron | Every
RecurrenceError = CalendarError


def read(schedule: Mapping[str, Any], zone: str, start: datetime) -> Recurrence:
    """The recurrence that a schedule's `cron` or `every` says; raises RecurrenceError.

    A length of time is counted from `start`; a cron text goes by the calendar.
    """
    place = calendar.find_zone(zone)
    if "cron" in schedule:
        return Cron(schedule["cron"], place)
    return Every(schedule["every"], place, start)
