from datetime import UTC, datetime, timedelta

import pytest

from core.engine.definition import Step
from core.engine.errors import StepFailed
from core.engine.outcomes import Sleep
from core.steps.wait import Wait
from tests.unit.steps.worlds import a_context


def test_it_sleeps_for_a_length():
    assert Wait().run({"for": "90s"}, a_context()) == Sleep(length=timedelta(seconds=90))


@pytest.mark.parametrize(
    ("until", "moment"),
    [
        ("2026-12-24T09:00", datetime(2026, 12, 24, 8, tzinfo=UTC)),
        ("2026-12-24T09:00:00Z", datetime(2026, 12, 24, 9, tzinfo=UTC)),
        ("2026-12-24", datetime(2026, 12, 23, 23, tzinfo=UTC)),
        ("2020-01-01T00:00:00.000Z", datetime(2020, 1, 1, tzinfo=UTC)),
    ],
)
def test_it_sleeps_until_a_moment_in_the_runs_zone(until, moment):
    context = a_context(timezone="Europe/Berlin")

    assert Wait().run({"until": until}, context) == Sleep(until=moment)


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ({}, "one of the two"),
        ({"for": "1s", "until": "2026-12-24"}, "one of the two"),
        ({"for": "", "until": None}, "one of the two"),
        ({"for": "soon"}, "“For”"),
        ({"until": "Monday"}, "is not a date"),
        ({"until": "2126-01-01"}, "five years"),
        ({"for": "40000d"}, "five years"),
    ],
)
def test_what_is_no_time_fails_in_words(inputs, reason):
    with pytest.raises(StepFailed, match=reason):
        Wait().run(inputs, a_context())


@pytest.mark.parametrize(
    ("inputs", "line"),
    [({"for": "15m"}, "for 15m"), ({"until": "{{ trigger.due }}"}, "until trigger › due")],
)
def test_the_card_says_how_long(inputs, line):
    assert Wait().summary(Step("pause", "wait", inputs)) == line
