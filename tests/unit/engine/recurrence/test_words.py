import pytest

from core.engine.calendar import CalendarError
from core.engine.recurrence.words import Plan, plan_of, words

SAID = [
    ({"cron": "* * * * *"}, "every minute"),
    ({"cron": "*/15 * * * *"}, "every 15 minutes"),
    ({"cron": "0 * * * *"}, "every hour at :00"),
    ({"cron": "20 */6 * * *"}, "every 6 hours at :20"),
    ({"cron": "30 2 * * *"}, "every day at 2:30"),
    ({"cron": "0 9 * * 1-5"}, "every weekday at 9:00"),
    ({"cron": "0 9 * * mon-fri"}, "every weekday at 9:00"),
    ({"cron": "0 8 * * 1"}, "Mondays at 8:00"),
    ({"cron": "0 8 * * 0,3,SAT"}, "Wednesdays, Saturdays and Sundays at 8:00"),
    ({"cron": "0 8 * * 7"}, "Sundays at 8:00"),
    ({"cron": "0 8 * * 0-6"}, "every day at 8:00"),
    ({"cron": "0 6 1 * *"}, "1st of each month at 6:00"),
    ({"cron": "5 6 22 * *"}, "22nd of each month at 6:05"),
    ({"cron": "0 6 L * *"}, "last day of each month at 6:00"),
    ({"cron": "@daily"}, "every day at 0:00"),
    ({"cron": "*/7 * * * *"}, "every seventh minute of every hour"),
    ({"cron": "*/15 8-17 * * 1-5"},
     "every 15th minute from 8:00 through 17:59 on Monday through Friday"),
    ({"cron": "30 2 26-31 3 *"}, "at 2:30 on every day of month from 26 through 31 in March"),
    ({"every": "7m"}, "every 7 minutes"),
    ({"every": "10s"}, "every 10 seconds"),
    ({"every": "1h"}, "every hour"),
    ({"every": "36h"}, "every 1 day 12 hours"),
    ({"every": "1d"}, "every day"),
    ({"every": "P1M"}, "every month"),
    ({"every": "P2Y3M"}, "every 2 years 3 months"),
]  # fmt: skip


@pytest.mark.parametrize(("schedule", "said"), SAID)
def test_a_schedule_is_said_in_words(schedule, said):
    assert words(schedule) == said


@pytest.mark.parametrize("schedule", [schedule for schedule, _ in SAID])
def test_what_the_form_can_say_is_the_same_schedule_again(schedule):
    plan = plan_of(schedule)

    if plan.kind == "cron":
        assert "every" in schedule or plan.to_json() == schedule
    else:
        assert words(plan.to_json()).startswith(words(schedule))


@pytest.mark.parametrize(
    ("plan", "written"),
    [
        (Plan("minutes", 15), {"cron": "*/15 * * * *"}),
        (Plan("minutes", 1), {"cron": "* * * * *"}),
        (Plan("minutes", 7), {"every": "7m"}),
        (Plan("minutes", 60), {"every": "60m"}),
        (Plan("hours", 1, minute=5), {"cron": "5 * * * *"}),
        (Plan("hours", 5), {"every": "5h"}),
        (Plan("day", hour=9), {"cron": "0 9 * * *"}),
        (Plan("weekday", hour=16, minute=30), {"cron": "30 16 * * 1-5"}),
        (Plan("days", days=(4, 1), hour=8), {"cron": "0 8 * * 1,4"}),
        (Plan("month", day="L", hour=6), {"cron": "0 6 L * *"}),
        (Plan("cron", text=" 0 9 * * 1 "), {"cron": "0 9 * * 1"}),
    ],
)
def test_the_form_s_choices_become_a_schedule(plan, written):
    assert plan.to_json() == written


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        (Plan("days"), "choose at least one day"),
        (Plan("minutes", 0), "must be 1 or more"),
        (Plan("cron", text="often"), "five fields"),
    ],
)
def test_choices_that_make_no_sense_are_refused(plan, said):
    with pytest.raises(CalendarError, match=said):
        plan.to_json()
