"""What schedules look like in a file."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from core.engine import calendar, recurrence
from core.engine.reading.shapes import (
    Also,
    Anything,
    Choice,
    Group,
    ListOf,
    Path,
    Report,
    Text,
    kind,
)
from core.engine.recurrence import RecurrenceError
from core.engine.recurrence.cron import Cron
from core.engine.recurrence.due import MISSED, OVERLAP

MOST = 50  # schedules of one workflow
LONGEST_KEY = 64
KEY = Text(
    rf"[a-z0-9][a-z0-9_-]{{0,{LONGEST_KEY - 1}}}",
    "may have small letters, digits, _ and -, at most 64, and begins with a letter or digit",
)
SOME_MOMENT = datetime(2024, 1, 1, tzinfo=UTC)


class CronText:
    """Five fields, or a nickname such as @daily."""

    def check(self, value: Any, path: Path, report: Report) -> None:
        """A time that comes."""
        check_text(value, path, report, lambda text: Cron(text, UTC))

    def schema(self) -> dict[str, Any]:
        """As JSON Schema."""
        return {"type": "string", "examples": ["0 9 * * 1-5", "*/15 * * * *", "@daily"]}


class Every:
    """A length of time between one run and the next."""

    def check(self, value: Any, path: Path, report: Report) -> None:
        """Between a second and ten years."""

        def read(text: str) -> Any:
            return recurrence.read({"every": text}, "UTC", SOME_MOMENT)

        check_text(value, path, report, read)

    def schema(self) -> dict[str, Any]:
        """As JSON Schema."""
        return {"type": "string", "examples": ["15m", "2h", "1d", "P1M"]}


class Zone:
    """A time zone by its name."""

    def check(self, value: Any, path: Path, report: Report) -> None:
        """One that there is."""
        check_text(value, path, report, calendar.find_zone)

    def schema(self) -> dict[str, Any]:
        """As JSON Schema."""
        return {"type": "string", "examples": ["Europe/Berlin", "UTC"]}


class Input:
    """Values for the workflow's parameters."""

    def check(self, value: Any, path: Path, report: Report) -> None:
        """A group; whether the parameters fit is a question of the whole workflow."""
        if not isinstance(value, Mapping):
            report.add(path, f"must be a group of parameters and their values, not {kind(value)}")

    def schema(self) -> dict[str, Any]:
        """As JSON Schema."""
        return {"type": "object", "additionalProperties": Anything().schema()}


def check_text(value: Any, path: Path, report: Report, read: Any) -> None:
    if not isinstance(value, str):
        report.add(path, f"must be text, not {kind(value)}")
        return
    try:
        read(value)
    except RecurrenceError as error:
        report.add(path, str(error))


def check_one(value: Any, path: Path, report: Report) -> None:
    """Either a cron text or a length."""
    if ("cron" in value) == ("every" in value):
        report.add(path, "needs either “cron” or “every”")


def check_keys(value: Any, path: Path, report: Report) -> None:
    """No two of the same key."""
    seen: set[str] = set()
    for position, schedule in enumerate(value):
        if schedule["key"] in seen:
            message = f"there is already a schedule called “{schedule['key']}”"
            report.add((*path, position, "key"), message)
        seen.add(schedule["key"])


SCHEDULE = Group(
    {
        "key": KEY,
        "cron": CronText(),
        "every": Every(),
        "timezone": Zone(),
        "missed": Choice(MISSED),
        "overlap": Choice(OVERLAP),
        "input": Input(),
    },
    required=("key",),
)
SCHEDULES = Also(ListOf(Also(SCHEDULE, check_one), MOST), check_keys)
