"""How pages say times, durations and numbers."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from blueprints import formats

NOW = datetime(2026, 11, 22, 14, 32, tzinfo=UTC)
SPACE = formats.THIN_SPACE


@pytest.fixture(autouse=True)
def context():
    app = Flask(__name__)
    with app.app_context():
        yield


@pytest.mark.parametrize(
    ("passed", "said"),
    [
        (timedelta(seconds=5), "just now"),
        (timedelta(minutes=5, seconds=59), "5 min ago"),
        (timedelta(hours=3), "3 h ago"),
        (timedelta(hours=15), "yesterday"),
        (timedelta(days=3), "Thursday"),
        (timedelta(days=47), "6 Oct"),
        (timedelta(days=400), "18 Oct 2025"),
    ],
)
def test_the_past_is_said_as_a_person_would(passed, said):
    assert formats.since(NOW - passed, NOW) == said


@pytest.mark.parametrize(
    ("milliseconds", "said"),
    [
        (None, "–"),
        (0.4, f"0{SPACE}ms"),
        (980, f"980{SPACE}ms"),
        (3400, f"3.4{SPACE}s"),
        (11_300, f"11.3{SPACE}s"),
        (2_460_000, f"41{SPACE}min"),
        (11_520_000, f"3.2{SPACE}h"),
        (172_800_000, f"2{SPACE}days"),
    ],
)
def test_durations_have_the_unit_that_fits(milliseconds, said):
    assert formats.lasted(milliseconds) == said


def test_counts_bring_their_noun():
    assert formats.plural(1, "run") == "1 run"
    assert formats.plural([1, 2], "run") == "2 runs"
    assert formats.plural(3100, "entry", "entries") == f"3{SPACE}100 entries"


def test_sizes_have_three_digits():
    assert formats.size(512) == f"512{SPACE}B"
    assert formats.size(1_240_000_000) == f"1.24{SPACE}GB"


def test_zones_are_called_by_their_city():
    assert formats.city("America/Argentina/Buenos_Aires") == "Buenos Aires"
    assert ("Europe/Berlin", "Berlin (Europe/Berlin)") in formats.time_zones()


def test_a_time_carries_its_exact_moment():
    html = formats.clock_time(NOW)

    assert 'datetime="2026-11-22T14:32:00+00:00"' in html
    assert "22 November 2026, 14:32:00 UTC" in html
