"""What schedules do on the nights when clocks change: the table of docs/learning/schedules.md.

Run as a program this file prints that table.
"""

from datetime import datetime
from pathlib import Path

import pytest

from core.engine import recurrence

DOCS = Path(__file__).parents[4] / "docs/learning/schedules.md"
BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"
LORD_HOWE, KOLKATA = "Australia/Lord_Howe", "Asia/Kolkata"
DAILY, MONTHLY = {"every": "1d"}, {"every": "P1M"}


def cron(text):
    return {"cron": text}


# zone, schedule, begin here, then these times come; a mark stands behind its time
TABLE = [
    # Berlin: 2027-03-28 2:00 → 3:00, 2027-10-31 3:00 → 2:00
    (BERLIN, cron("30 2 * * *"), "2027-03-27T12:00+01:00",
     ["2027-03-28T03:00+02:00 moved", "2027-03-29T02:30+02:00"]),
    (BERLIN, cron("30 2 * * *"), "2027-10-30T12:00+02:00",
     ["2027-10-31T02:30+02:00 once", "2027-11-01T02:30+01:00"]),
    (BERLIN, cron("*/30 * * * *"), "2027-03-28T01:10+01:00",
     ["2027-03-28T01:30+01:00", "2027-03-28T03:00+02:00 skipped", "2027-03-28T03:30+02:00"]),
    (BERLIN, cron("0 * * * *"), "2027-10-31T01:30+02:00",
     ["2027-10-31T02:00+02:00 again", "2027-10-31T02:00+01:00 again", "2027-10-31T03:00+01:00"]),
    (BERLIN, cron("0 9 * * *"), "2027-10-30T08:00+02:00",
     ["2027-10-30T09:00+02:00", "2027-10-31T09:00+01:00 shifted", "2027-11-01T09:00+01:00"]),
    (BERLIN, cron("0,30 2,3 * * *"), "2027-03-28T00:00+01:00",
     ["2027-03-28T03:00+02:00 shifted", "2027-03-28T03:30+02:00", "2027-03-29T02:00+02:00"]),
    # New York: 2026-03-08 2:00 → 3:00, 2026-11-01 2:00 → 1:00
    (NEW_YORK, cron("30 2 * * *"), "2026-03-07T12:00-05:00",
     ["2026-03-08T03:00-04:00 moved", "2026-03-09T02:30-04:00"]),
    (NEW_YORK, cron("30 1 * * *"), "2026-10-31T12:00-04:00",
     ["2026-11-01T01:30-04:00 once", "2026-11-02T01:30-05:00"]),
    (NEW_YORK, cron("*/20 1 * * *"), "2026-11-01T00:30-04:00",
     ["2026-11-01T01:00-04:00 again", "2026-11-01T01:20-04:00 again",
      "2026-11-01T01:40-04:00 again", "2026-11-01T01:00-05:00 again"]),
    (NEW_YORK, cron("0 */2 * * *"), "2026-03-08T00:00-05:00",
     ["2026-03-08T04:00-04:00 skipped", "2026-03-08T06:00-04:00"]),
    (NEW_YORK, cron("30 16 * * 1-5"), "2026-03-06T17:00-05:00",
     ["2026-03-09T16:30-04:00", "2026-03-10T16:30-04:00"]),
    (NEW_YORK, DAILY, "2026-03-07T02:30-05:00",
     ["2026-03-08T03:00-04:00 moved", "2026-03-09T02:30-04:00"]),
    # Lord Howe: half an hour, 2027-10-03 2:00 → 2:30, 2027-04-04 2:00 → 1:30
    (LORD_HOWE, cron("15 2 * * *"), "2027-10-02T12:00+10:30",
     ["2027-10-03T02:30+11:00 moved", "2027-10-04T02:15+11:00"]),
    (LORD_HOWE, cron("45 1 * * *"), "2027-04-03T12:00+11:00",
     ["2027-04-04T01:45+11:00 once", "2027-04-05T01:45+10:30"]),
    (LORD_HOWE, cron("*/15 3 * * *"), "2027-10-02T12:00+10:30",
     ["2027-10-03T03:00+11:00", "2027-10-03T03:15+11:00"]),
    (LORD_HOWE, cron("*/15 * * * *"), "2027-04-04T01:40+11:00",
     ["2027-04-04T01:45+11:00 again", "2027-04-04T01:30+10:30 again",
      "2027-04-04T01:45+10:30 again", "2027-04-04T02:00+10:30"]),
    (LORD_HOWE, cron("0 * * * *"), "2027-10-03T01:30+10:30",
     ["2027-10-03T03:00+11:00 skipped", "2027-10-03T04:00+11:00"]),
    (LORD_HOWE, {"every": "1h"}, "2027-10-03T01:00+10:30",
     ["2027-10-03T02:30+11:00", "2027-10-03T03:30+11:00"]),
    # Kolkata: always half an hour beside the others, never a change
    (KOLKATA, cron("0 9 * * 1-5"), "2027-10-29T12:00+05:30",
     ["2027-11-01T09:00+05:30", "2027-11-02T09:00+05:30"]),
    (KOLKATA, cron("*/30 * * * *"), "2027-03-28T05:45+05:30",
     ["2027-03-28T06:00+05:30", "2027-03-28T06:30+05:30"]),
    (KOLKATA, cron("30 2 * * *"), "2027-10-30T12:00+05:30",
     ["2027-10-31T02:30+05:30", "2027-11-01T02:30+05:30"]),
    (KOLKATA, cron("0 6 L * *"), "2027-01-31T12:00+05:30",
     ["2027-02-28T06:00+05:30", "2027-03-31T06:00+05:30"]),
    (KOLKATA, MONTHLY, "2027-01-31T08:00+05:30",
     ["2027-02-28T08:00+05:30", "2027-03-31T08:00+05:30", "2027-04-30T08:00+05:30"]),
    (KOLKATA, {"every": "90m"}, "2027-03-28T00:00+05:30",
     ["2027-03-28T01:30+05:30", "2027-03-28T03:00+05:30"]),
]  # fmt: skip


def said(occurrence):
    local = occurrence.local.isoformat(timespec="minutes")
    return f"{local} {occurrence.mark}".strip()


@pytest.mark.parametrize(("zone", "schedule", "begin", "expected"), TABLE)
def test_each_night_of_the_table_goes_as_documented(zone, schedule, begin, expected):
    start = datetime.fromisoformat(begin)
    rhythm = recurrence.read(schedule, zone, start)

    found = recurrence.upcoming(rhythm, start, len(expected))

    assert [said(occurrence) for occurrence in found] == expected
    assert all(bool(occurrence.note) == bool(occurrence.mark) for occurrence in found)


def test_the_table_has_twenty_four_cases_in_four_zones():
    assert len(TABLE) == 24
    assert len({zone for zone, *_ in TABLE}) == 4


def table():
    """All cases as the documentation shows them."""
    head = "| zone | schedule | after | comes |\n|---|---|---|---|\n"
    return head + "".join(map(row, TABLE))


def row(case):
    zone, schedule, begin, expected = case
    ((kind, text),) = schedule.items()
    written = f"`{text}`" if kind == "cron" else f"`every: {text}`"
    times = ", ".join(map(in_words, expected)).replace(f"\N{NO-BREAK SPACE}{begin[:4]}", "")
    place = zone.rpartition("/")[2].replace("_", " ")
    return f"| {place} | {written} | {in_words(begin)} | {times} |\n"


def in_words(said):
    moment, _, mark = said.partition(" ")
    at = datetime.fromisoformat(moment)
    said = f"{at.day} {at:%b %Y} {at.hour}:{at:%M}".replace(" ", "\N{NO-BREAK SPACE}")
    return said + (f" *{mark}*" if mark else "")


def test_the_documentation_shows_the_table():
    assert table() in DOCS.read_text()


@pytest.mark.parametrize(("zone", "schedule", "begin", "expected"), TABLE)
def test_looking_back_finds_the_same_times(zone, schedule, begin, expected):
    start = datetime.fromisoformat(begin)
    rhythm = recurrence.read(schedule, zone, start)
    times = [occurrence.at for occurrence in recurrence.upcoming(rhythm, start, 30)]

    assert rhythm.latest(start, times[-1], 1000) == times
    assert rhythm.latest(start, times[-1], 3) == times[-3:]
    assert rhythm.latest(times[4], times[5], 10) == times[5:6]


if __name__ == "__main__":
    print(table(), end="")
