"""The same random cron texts to croniter: where the two differ, and only there, is known.

The tests take the first thousand; run as a program this file takes all ten thousand.
docs/learning/schedules.md lists these disagreements.
"""

import random
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from croniter import croniter

from core.engine import recurrence
from core.engine.recurrence import wall

DOCS = Path(__file__).parents[4] / "docs/learning/schedules.md"
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata")
ALL = 10_000
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
THREE_YEARS = 3 * 365 * 24 * 60
RANGES = ((0, 59), (0, 23), (1, 28), (1, 12), (0, 6))
KNOWN = {  # how many of all 10,000
    "a range of one value": 878,
    "steps in the day or the weekday": 792,
    "clocks show twice": 0,
}
NEAR = timedelta(hours=26)
ONE_VALUE = re.compile(r"(?<!\d)(\d+)-\1(?!\d)")


def random_field(chance, low, high):
    kind = chance.random()
    first = chance.randint(low, high)
    if kind < 0.45:
        return "*"
    if kind < 0.75:
        return str(first)
    if kind < 0.85:
        return f"*/{chance.randint(2, max(2, (high - low) // 2))}"
    last = chance.randint(first, high)
    return f"{first}-{last}" if kind < 0.95 else f"{first},{last}"


def cases(count):
    chance = random.Random(20261122)
    for number in range(count):
        text = " ".join(random_field(chance, *limits) for limits in RANGES)
        begin = BEGIN + timedelta(minutes=chance.randint(0, THREE_YEARS))
        yield text, ZONES[number % len(ZONES)], begin


def is_near_a_change(moment, zone):
    """Whether clocks are changed within a day of it."""
    return bool(
        wall.change(moment - NEAR, moment, zone) or wall.change(moment, moment + NEAR, zone)
    )


def why(text, ours, theirs, zone):
    """The known reason for a disagreement, or None."""
    if ONE_VALUE.search(text):
        return "a range of one value"
    _, _, day, _, weekday = text.split()
    if day != "*" and weekday != "*" and "*/" in day + weekday:
        return "steps in the day or the weekday"
    if is_near_a_change(ours, zone) or is_near_a_change(theirs, zone):
        return "clocks show twice"
    return None


def disagreements(count):
    """How often the two differ, by reason; fails at the first that has none."""
    reasons = Counter()
    for text, name, begin in cases(count):
        zone = ZoneInfo(name)
        ours = recurrence.read({"cron": text}, name, begin).next_after(begin)
        theirs = croniter(text, begin.astimezone(zone)).get_next(datetime).astimezone(UTC)
        if ours != theirs:
            reason = why(text, ours, theirs, zone)
            assert reason, f"{text} in {name} after {begin}: {ours} here, {theirs} there"
            reasons[reason] += 1
    return reasons


def test_random_texts_come_at_the_same_time_elsewhere():
    reasons = disagreements(1000)

    assert reasons.keys() <= KNOWN.keys()


def test_the_documentation_lists_the_disagreements():
    listed = [line for line in DOCS.read_text().splitlines() if line.startswith("| ")]
    for reason, count in KNOWN.items():
        row = next(line for line in listed if reason in line)
        assert not count or row.endswith(f"| {count} |"), row


if __name__ == "__main__":
    print(disagreements(ALL))
