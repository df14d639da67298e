"""Schedules in words: “every weekday at 9:00”, and the choices of a form both ways."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from cronsim import CronSim, CronSimError

from core.engine import durations
from core.engine.calendar import CalendarError
from core.engine.durations import DurationError
from core.engine.recurrence.cron import SOME_DAY, check, fields_of

DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
NUMBERS = {name[:3].upper(): number for number, name in enumerate(DAYS)}
PADDED = re.compile(r"\b0(?=\d:\d\d)")
NAMED = re.compile(r"[A-Z]{3}")
WEEKDAYS = (1, 2, 3, 4, 5)
LAST_DAY = "L"


@dataclass(frozen=True, slots=True)
class Plan:
    """What the form asks: `kind` is minutes, hours, day, weekday, days, month or cron.

    `count` belongs to minutes and hours, `minute` to hours, `hour` and `minute` to the others,
    `days` are weekdays with Sunday as 0, `day` is a day of the month or L, `text` a cron text.
    """

    kind: str
    count: int = 1
    hour: int = 9
    minute: int = 0
    days: tuple[int, ...] = ()
    day: str = "1"
    text: str = ""

    @property
    def time(self) -> str:
        """The time of day as a form writes it."""
        return f"{self.hour:02}:{self.minute:02}"

    def to_json(self) -> dict[str, Any]:
        """The `cron` or `every` of a schedule; raises CalendarError."""
        if self.kind in ("minutes", "hours"):
            return self._rhythm()
        text = self.text.strip()
        if self.kind != "cron":
            day = self.day if self.kind == "month" else "*"
            text = f"{self.minute} {self.hour} {day} * {self._weekdays()}"
        check(text)
        return {"cron": text}

    def _rhythm(self) -> dict[str, Any]:
        unit, whole = ("m", 60) if self.kind == "minutes" else ("h", 24)
        if self.count < 1:
            raise CalendarError("the number must be 1 or more")
        if whole % self.count or self.count == whole:
            return {"every": f"{self.count}{unit}"}
        step = "*" if self.count == 1 else f"*/{self.count}"
        return {"cron": f"{step} * * * *" if unit == "m" else f"{self.minute} {step} * * *"}

    def _weekdays(self) -> str:
        if self.kind == "weekday":
            return "1-5"
        if self.kind != "days":
            return "*"
        if not self.days:
            raise CalendarError("choose at least one day")
        return ",".join(str(day) for day in sorted(set(self.days)))


def plan_of(schedule: Mapping[str, Any]) -> Plan:
    """The form's choices for a schedule; what they can't say is kind cron, with its text."""
    if "cron" not in schedule:
        return _plan_of_length(str(schedule.get("every", "")))
    text = str(schedule["cron"])
    other = Plan("cron", text=text)
    fields = fields_of(text)
    if len(fields) != 5 or fields[3] != "*":
        return other
    minute, hour, day, _, weekday = fields
    return _rhythm_of(minute, hour, day, weekday) or _times_of(fields) or other


def words(schedule: Mapping[str, Any]) -> str:
    """When a schedule runs, in words without its zone: “every weekday at 9:00”."""
    plan = plan_of(schedule)
    at = f"at {plan.hour}:{plan.minute:02}"
    match plan.kind:
        case "minutes":
            return _every(plan.count, "minute")
        case "hours":
            past = "" if "every" in schedule else f" at :{plan.minute:02}"
            return _every(plan.count, "hour") + past
        case "day":
            return f"every day {at}"
        case "weekday":
            return f"every weekday {at}"
        case "days":
            return f"{_and([f'{DAYS[day]}s' for day in _from_monday(plan.days)])} {at}"
        case "month":
            which = "last" if plan.day == LAST_DAY else ordinal(int(plan.day))
            return f"{which} {'day ' if plan.day == LAST_DAY else ''}of each month {at}"
    if not plan.text:
        return _every_span(str(schedule["every"]))
    return _explained(plan.text)


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th."""
    ending = "th" if number // 10 == 1 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _rhythm_of(minute: str, hour: str, day: str, weekday: str) -> Plan | None:
    if (day, weekday) != ("*", "*"):
        return None
    if hour == "*" and (count := _step(minute, 60)):
        return Plan("minutes", count)
    if minute.isdigit() and (count := _step(hour, 24)):
        return Plan("hours", count, minute=int(minute))
    return None


def _times_of(fields: list[str]) -> Plan | None:
    minute, hour, day, _, weekday = fields
    if not (minute.isdigit() and hour.isdigit()):
        return None
    time: dict[str, Any] = {"hour": int(hour), "minute": int(minute)}
    if weekday == "*":
        if day == "*":
            return Plan("day", **time)
        is_plain = day.upper() == LAST_DAY or day.isdigit()
        return Plan("month", day=day.upper(), **time) if is_plain else None
    days = _days(weekday) if day == "*" else ()
    if not days:
        return None
    kind = {WEEKDAYS: "weekday", tuple(range(7)): "day"}.get(days, "days")
    return Plan(kind, days=days if kind == "days" else (), **time)


def _step(field: str, whole: int) -> int:
    """The n of `*/n` where n goes into the whole, 1 for `*`, else 0."""
    if field == "*":
        return 1
    count = int(field[2:]) if field.startswith("*/") and field[2:].isdigit() else 0
    return count if count and whole % count == 0 and count < whole else 0


def _days(field: str) -> tuple[int, ...]:
    """The weekdays of a list such as `MON,3-5`, or nothing if it says more."""
    numbers = NAMED.sub(lambda name: str(NUMBERS.get(name[0], name[0])), field.upper())
    found: set[int] = set()
    for part in numbers.split(","):
        first, _, last = part.partition("-")
        if not (first.isdigit() and (last or first).isdigit()):
            return ()
        found |= {day % 7 for day in range(int(first), int(last or first) + 1)}
    return tuple(sorted(found))


def _plan_of_length(text: str) -> Plan:
    length = _length(text)
    for kind, unit in (("hours", timedelta(hours=1)), ("minutes", timedelta(minutes=1))):
        if length and not length % unit and length < timedelta(days=1):
            return Plan(kind, length // unit)
    return Plan("cron")


def _length(text: str) -> timedelta:
    try:
        return durations.parse(text)
    except DurationError:
        return timedelta()


def _every(count: int, unit: str) -> str:
    return f"every {unit}" if count == 1 else f"every {count} {unit}s"


def _every_span(text: str) -> str:
    """A length that the form's choices can't say."""
    try:
        span = durations.parse_span(text)
    except DurationError:
        return f"every {text}"
    years, months = divmod(span.months, 12)
    counted = ((years, "year"), (months, "month"), (span.days, "day"))
    parts = [f"{count} {unit}{'s' * (count != 1)}" for count, unit in counted if count]
    if span.time or not parts:
        parts.append(durations.words(span.time))
    said = " ".join(parts)
    is_one = said.startswith("1 ") and said.count(" ") == 1
    return f"every {said.removeprefix('1 ') if is_one else said}"


def _from_monday(days: tuple[int, ...]) -> list[int]:
    return sorted(days, key=lambda day: (day - 1) % 7)


def _and(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _explained(text: str) -> str:
    try:
        said = CronSim(" ".join(fields_of(text)), SOME_DAY).explain()
    except (CronSimError, AssertionError, LookupError, ValueError):
        return text
    return PADDED.sub("", said[:1].lower() + said[1:])
