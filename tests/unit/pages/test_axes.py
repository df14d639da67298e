"""Axes of charts: round numbers upwards, round times sideways."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from blueprints.home import axes, charts, dashboard
from core.runtime.periods import PERIODS, spans
from core.runtime.run_times import Times

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 22, 13, 32, 10, tzinfo=UTC)  # 14:32 in Berlin


def plain(labels):
    return [label.replace("\N{NARROW NO-BREAK SPACE}", " ") for label in labels]


@pytest.mark.parametrize(
    "highest, labels",
    [
        (0, ["1", "0"]),
        (1, ["1", "0"]),
        (4, ["4", "3", "2", "1", "0"]),
        (5, ["6", "4", "2", "0"]),
        (369, ["400", "300", "200", "100", "0"]),
        (4001, ["6 000", "4 000", "2 000", "0"]),
    ],
)
def test_counts_go_up_in_round_steps(highest, labels):
    assert plain(axes.of_counts(highest).labels) == labels


@pytest.mark.parametrize(
    "milliseconds, labels",
    [
        (0.4, ["1 ms", "0"]),
        (38, ["40 ms", "30 ms", "20 ms", "10 ms", "0"]),
        (3100, ["4 s", "3 s", "2 s", "1 s", "0"]),
        (75_000, ["1.5 min", "1 min", "30 s", "0"]),
        (3 * 3_600_000, ["3 h", "2 h", "1 h", "0"]),
        (300 * 86_400_000, ["300 days", "200 days", "100 days", "0"]),
    ],
)
def test_times_go_up_in_steps_that_clocks_have(milliseconds, labels):
    assert plain(axes.of_times(milliseconds).labels) == labels


def test_a_value_lies_where_the_axis_says():
    axis = axes.of_counts(369)

    assert [axis.y(value, 160) for value in (0, 100, 400, 999)] == [160, 120, 0, 0]


@pytest.mark.parametrize(
    "period, first_labels",
    [
        ("hour", ["13:40", "13:50", "14:00"]),
        ("day", ["16:00", "20:00", "0:00"]),
        ("week", ["Mon 16", "Tue 17", "Wed 18"]),
    ],
)
def test_round_times_stand_below_the_stretches_that_begin_with_them(period, first_labels):
    cut = spans(PERIODS[period], NOW, BERLIN)
    ticks = axes.sideways(period, [span.begin for span in cut], BERLIN)

    assert [tick.label for tick in ticks[:3]] == first_labels
    assert all(0 < tick.x < 100 for tick in ticks)


@pytest.mark.parametrize("period", PERIODS)
def test_a_period_has_at_most_120_stretches_without_gaps(period):
    cut = spans(PERIODS[period], NOW, BERLIN)

    assert len(cut) <= 120
    assert cut[0].begin == NOW - PERIODS[period].length and cut[-1].end == NOW
    assert all(one.end == next.begin for one, next in pairwise(cut))
    assert [span.is_whole for span in cut] == [False, *[True] * (len(cut) - 2), False]


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])
def test_days_and_hours_stay_in_order_when_clocks_are_changed(day):
    now = datetime.fromisoformat(f"{day}T20:07:00+00:00")

    for period in PERIODS.values():
        cut = spans(period, now, BERLIN)
        assert all(span.begin < span.end for span in cut)
        assert max(span.end - span.begin for span in cut) <= period.step + timedelta(hours=1)
    days = [span.begin.astimezone(BERLIN) for span in spans(PERIODS["month"], now, BERLIN)[1:]]
    assert {(begin.hour, begin.minute) for begin in days} == {(0, 0)}


def test_a_few_far_slower_stretches_are_cut_off_and_told():
    usual = [Times(100, 200, 400)] * 20
    peak, axis = charts._took([*usual, Times(100, 200, 90_000)])

    assert (peak, axis.top) == (90_000, 1500)
    assert charts._took(usual)[1].top == 400
    assert charts._took([]) == (1.0, axes.of_times(1))


def test_a_line_is_interrupted_where_nothing_ran():
    axis = axes.of_times(400)

    assert (
        charts.path([400, 0, None, 200], axis) == "M12.50,0.0 L37.50,160.0 M80.00,80.0 L95.00,80.0"
    )
    assert charts.path([None, None], axis) == ""
    assert (
        charts.path([0, 400], axis, is_area=True)
        == "M25.00,160 L25.00,160.0 L75.00,0.0 L75.00,160 Z"
    )


@pytest.mark.parametrize(
    "part, whole, said",
    [
        (0, 0, "0 %"),
        (0, 9, "0 %"),
        (1, 100_000, "under 0.1 %"),
        (9, 9, "100 %"),
        (76, 10_229, "0.7 %"),
    ],
)
def test_a_share_is_never_rounded_to_nothing_or_to_all(part, whole, said):
    assert dashboard.share(part, whole) == said
    assert dashboard.share(99_999, 100_000) == "99.9 %"
