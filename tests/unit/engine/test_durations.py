from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.engine.durations import DurationError, Span, parse, parse_span, words

READ = [
    ("500ms", timedelta(milliseconds=500)),
    ("30s", timedelta(seconds=30)),
    ("5m", timedelta(minutes=5)),
    ("2h", timedelta(hours=2)),
    ("7d", timedelta(days=7)),
    ("2w", timedelta(days=14)),
    ("1.5h", timedelta(minutes=90)),
    ("0.5d", timedelta(hours=12)),
    ("1h30m", timedelta(minutes=90)),
    (" 1 day 2 hours ", timedelta(hours=26)),
    ("PT1H30M", timedelta(minutes=90)),
    ("P1DT12H", timedelta(hours=36)),
    ("P2W", timedelta(days=14)),
    ("PT0.5S", timedelta(milliseconds=500)),
    ("0s", timedelta()),
    (90, timedelta(seconds=90)),
    (0.25, timedelta(milliseconds=250)),
]


@pytest.mark.parametrize(("given_text", "length"), READ)
def test_a_length_of_time_is_read(given_text, length):
    assert parse(given_text) == length


REFUSED = [
    *("", "  ", "5", "m", "5 m m", "5M", "five minutes", "1h30", "P", "PT", "P1", "1e3s", "５m"),
    *("1y", "-", "+", "PT-5M", "5m;", "1_000s", "∞", "9" * 30 + "s", "1h" * 100),
]


@pytest.mark.parametrize("given_text", REFUSED)
def test_other_texts_are_no_length_of_time(given_text):
    with pytest.raises(DurationError, match=r"write it as|is not a length"):
        parse(given_text)


@pytest.mark.parametrize(
    ("given_value", "words_of_refusal"),
    [
        ("-5m", "is negative"),
        (-1, "is negative"),
        ("P1M", "has no fixed length"),
        ("1 year", "has no fixed length"),
        ("0.5 months", "whole numbers"),
        ("999999999d 999999999d", "too long"),
        (1e300, "too long"),
        (float("nan"), "too long"),
        (None, "is expected"),
        (True, "is expected"),
        ([], "is expected"),
    ],
)
def test_a_refused_length_says_why(given_value, words_of_refusal):
    with pytest.raises(DurationError, match=words_of_refusal):
        parse(given_value)


def test_a_refusal_is_a_value_error_too():
    with pytest.raises(ValueError, match="soon"):
        parse("soon")


def test_a_span_counts_months_and_days_apart():
    assert parse_span("P1Y2M3DT4H") == Span(14, 3, timedelta(hours=4))
    assert parse_span("-1 month 2d") == Span(-1, -2)
    assert parse_span("+36h") == Span(0, 0, timedelta(hours=36))


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(), "0 seconds"),
        (timedelta(milliseconds=1), "1 millisecond"),
        (timedelta(seconds=1.5), "1 second 500 milliseconds"),
        (timedelta(minutes=90), "1 hour 30 minutes"),
        (timedelta(days=2, hours=3, minutes=4), "2 days 3 hours"),
        (timedelta(days=400), "400 days"),
        (-timedelta(minutes=5), "minus 5 minutes"),
    ],
)
def test_a_length_is_said_in_its_two_largest_units(length, text):
    assert words(length) == text


@settings(max_examples=120, deadline=None, database=None)
@given(st.text(max_size=30) | st.text(alphabet="0123456789.PTYMWDHSmshd -+", max_size=20))
def test_any_text_is_read_or_refused(text):
    with suppress(DurationError):
        assert parse(text) >= timedelta()
