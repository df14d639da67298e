from datetime import UTC, datetime, timedelta

import pytest

from core.engine import recurrence
from core.engine.recurrence import RecurrenceError

START = datetime(2027, 1, 1, 12, 7, 30, tzinfo=UTC)


def test_a_length_counts_from_its_start():
    quarter = recurrence.read({"every": "15m"}, "UTC", START)

    assert quarter.next_after(START) == START + timedelta(minutes=15)
    assert quarter.next_after(START + timedelta(minutes=15)) == START + timedelta(minutes=30)
    assert quarter.next_after(START - timedelta(days=1)) == START
    assert quarter.latest(START, START + timedelta(days=400), 2) == [
        START + timedelta(days=400, minutes=-15),
        START + timedelta(days=400),
    ]


def test_months_hold_on_to_the_day_they_began_with():
    monthly = recurrence.read({"every": "P1M"}, "UTC", datetime(2027, 1, 31, 8, tzinfo=UTC))

    times = monthly.latest(START, datetime(2028, 3, 31, 8, tzinfo=UTC), 20)

    assert [f"{at:%m-%d}" for at in times] == [
        "01-31", "02-28", "03-31", "04-30", "05-31", "06-30", "07-31", "08-31", "09-30",
        "10-31", "11-30", "12-31", "01-31", "02-29", "03-31",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("schedule", "said"),
    [
        ({"cron": "0 0 30 2 *"}, "no such month has a day 30, so it never comes"),
        ({"cron": "61 * * * *"}, "its minute “61” can't be read"),
        ({"cron": "0 25 * * *"}, "its hour “25” can't be read"),
        ({"cron": "0 9 * * 8"}, "its weekday “8” can't be read"),
        ({"cron": "0 9 0 * *"}, "its day “0” can't be read"),
        ({"cron": "0 9 15W * *"}, "its day “15W” can't be read"),
        ({"cron": "0 9 * 13 *"}, "its month “13” can't be read"),
        ({"cron": "0 9 * *"}, "must have five fields"),
        ({"cron": "*/5 * * * * *"}, "must have five fields"),
        ({"cron": ""}, "must have five fields"),
        ({"cron": "@reboot"}, "must have five fields"),
        ({"cron": "0," * 60 + "0 * * * *"}, "must have five fields"),
        ({"cron": "0 0 29-30 2 1#5,1#5 "}, ""),
        ({"every": "500ms"}, "between 1 second and 10 years"),
        ({"every": "20000d"}, "between 1 second and 10 years"),
        ({"every": "soon"}, "is not a length of time"),
        ({"every": "-5m"}, "between 1 second and 10 years"),
        ({"every": "9" * 15 + "w"}, "too long"),
    ],
)
def test_what_is_no_recurrence_is_refused_with_the_reason(schedule, said):
    if not said:
        recurrence.read(schedule, "UTC", START)
        return
    with pytest.raises(RecurrenceError, match=said):
        recurrence.read(schedule, "UTC", START)


def test_an_unknown_zone_is_refused():
    with pytest.raises(RecurrenceError, match="no time zone called “Europe/Berln”"):
        recurrence.read({"cron": "0 9 * * *"}, "Europe/Berln", START)


@pytest.mark.parametrize(
    ("nickname", "text"),
    [("@daily", "0 0 * * *"), ("@Hourly", "0 * * * *"), ("@weekly", "0 0 * * 0"),
     ("@monthly", "0 0 1 * *"), ("@yearly", "0 0 1 1 *")],
)  # fmt: skip
def test_nicknames_mean_their_five_fields(nickname, text):
    named, plain = (recurrence.read({"cron": t}, "UTC", START) for t in (nickname, text))

    assert named.next_after(START) == plain.next_after(START)


def test_a_time_that_comes_rarely_is_found():
    leap = recurrence.read({"cron": "0 0 * 2 MON#5"}, "Europe/Berlin", START)

    assert leap.next_after(START) == datetime(2044, 2, 28, 23, tzinfo=UTC)
