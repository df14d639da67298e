"""Start at set times: every weekday at 9:00, every 15 minutes."""

from collections.abc import Mapping, Sequence
from typing import Any

from core.engine.fields import Field
from core.engine.recurrence import words
from core.engine.recurrence.due import MISSED, OVERLAP
from core.engine.trigger_type import TriggerType

MISSED_WORDS = {
    "skip": "skip it",
    "run_once": "run once when back",
    "run_all": "run every missed one",
}
OVERLAP_WORDS = {
    "skip": "skip this time",
    "queue": "wait in line",
    "replace": "stop the old one",
    "allow": "run both",
}
WEEKDAYS = {"key": "weekdays", "cron": "0 9 * * 1-5"}


class OnSchedule(TriggerType):
    """One or several schedules; each with its own time zone and input."""

    label = "On a schedule"
    help = "Every weekday at 9:00, or every 15 minutes. You see the next five times first."
    icon = "calendar-clock"
    section = "schedules"
    keywords = ("cron", "timer", "recurring", "interval", "daily", "hourly", "every", "clock")
    fields = (
        Field(
            "missed",
            "If openBuild was off at that time",
            kind="choice",
            default="run_once",
            choices=tuple((key, MISSED_WORDS[key]) for key in MISSED),
            literal=True,
        ),
        Field(
            "overlap",
            "If the last run is still going",
            kind="choice",
            default="skip",
            choices=tuple((key, OVERLAP_WORDS[key]) for key in OVERLAP),
            literal=True,
        ),
    )

    @property
    def new_settings(self) -> dict[str, Any]:
        """Weekdays at nine."""
        return dict(WEEKDAYS)

    def settings(self, triggers: Mapping[str, Any]) -> dict[str, Any]:
        """The schedules of these triggers, each with its defaults."""
        listed = triggers.get(self.section) or ()
        return {self.section: [{**self.defaults, **schedule} for schedule in listed]}

    def summary(self, settings: Mapping[str, Any]) -> str:
        """When: “every weekday at 9:00 · every hour”."""
        return " · ".join(words.words(schedule) for schedule in settings[self.section])


def with_one_more(listed: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The schedules and a new one, under a key that none of them has."""
    new = dict(WEEKDAYS)
    taken = {said["key"] for said in listed}
    number = len(listed) + 1
    while new["key"] in taken:
        new["key"] = f"schedule-{number}"
        number += 1
    return [*listed, new]
