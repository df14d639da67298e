"""What the panel “Starts when” shows of each schedule of a draft."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from blueprints import formats, schedule_times
from blueprints.access import current_workspace
from blueprints.schedule_times import Time
from core import clock
from core.engine import recurrence
from core.engine.recurrence import RecurrenceError, words
from core.engine.recurrence.words import DAYS, Plan
from core.triggers.schedule import MISSED_WORDS, OVERLAP_WORDS

KINDS = (
    ("minutes", "some minutes"),
    ("hours", "some hours"),
    ("day", "day"),
    ("weekday", "weekday"),
    ("days", "chosen days"),
    ("month", "month"),
    ("cron", "Advanced: cron"),
)
LENGTH = ("every", "length of time")
MONTH_DAYS = (
    *((str(day), words.ordinal(day)) for day in range(1, 32)),
    (words.LAST_DAY, "last day"),
)
TIMED = ("day", "weekday", "days", "month")


@dataclass(frozen=True)
class ScheduleView:
    """One schedule of a draft as a form; `error` says why what was typed can't be taken."""

    said: Mapping[str, Any]
    error: str = ""
    is_advanced: bool = False  # its cron text is shown although words could say it

    @property
    def key(self) -> str:
        """Its name in the file."""
        return str(self.said.get("key", ""))

    @cached_property
    def plan(self) -> Plan:
        """The choices of the form."""
        if self.is_advanced and "cron" in self.said:
            return Plan("cron", text=str(self.said["cron"]))
        return words.plan_of(self.said)

    @property
    def kind(self) -> str:
        """Which of the choices it is; a length that no other choice can say is `every`."""
        return LENGTH[0] if self.plan.kind == "cron" and not self.plan.text else self.plan.kind

    @property
    def kinds(self) -> Sequence[tuple[str, str]]:
        """The choices."""
        return (*KINDS, LENGTH) if self.kind == LENGTH[0] else KINDS

    @property
    def is_timed(self) -> bool:
        """Whether it has a time of day."""
        return self.kind in TIMED

    @property
    def days(self) -> list[tuple[int, str, bool]]:
        """The weekdays from Monday on: number, short name, whether it is chosen."""
        order = (1, 2, 3, 4, 5, 6, 0)
        return [(day, DAYS[day][:3], day in self.plan.days) for day in order]

    @property
    def month_days(self) -> Sequence[tuple[str, str]]:
        """The days of a month."""
        return MONTH_DAYS

    @property
    def own_zone(self) -> str:
        """The zone it names itself."""
        return str(self.said.get("timezone", ""))

    @property
    def zone(self) -> str:
        """The zone it goes by."""
        return self.own_zone or current_workspace().timezone

    @property
    def zones(self) -> list[tuple[str, str]]:
        """The zones to choose from, the workspace's first."""
        return [("", formats.city(current_workspace().timezone)), *formats.time_zones()]

    @property
    def title(self) -> str:
        """When it runs, in words."""
        return f"{schedule_times.title(self.said)}, {formats.city(self.zone)}"

    @cached_property
    def times(self) -> list[Time]:
        """The next five times."""
        try:
            now = clock.now().replace(microsecond=0)
            return schedule_times.coming(recurrence.read(self.said, self.zone, now))
        except (RecurrenceError, KeyError, TypeError):
            return []  # said by the problems of the starts

    @property
    def missed(self) -> str:
        """What becomes of missed times."""
        return str(self.said.get("missed", "run_once"))

    @property
    def overlap(self) -> str:
        """What happens while the last run is still going."""
        return str(self.said.get("overlap", "skip"))

    @property
    def missed_choices(self) -> list[tuple[str, str]]:
        """The policies for missed times."""
        return list(MISSED_WORDS.items())

    @property
    def overlap_choices(self) -> list[tuple[str, str]]:
        """The policies for a busy schedule."""
        return list(OVERLAP_WORDS.items())

    @property
    def input_text(self) -> str:
        """What it gives the workflow, as JSON."""
        given = self.said.get("input")
        return json.dumps(given, ensure_ascii=False, indent=1) if given else ""


def of_triggers(triggers: Mapping[str, Any], advanced: str = "") -> list[ScheduleView]:
    """The schedules of a draft; the one with the key `advanced` with its cron text."""
    listed = triggers.get("schedules") or ()
    return [ScheduleView(said, is_advanced=said.get("key") == advanced) for said in listed]
