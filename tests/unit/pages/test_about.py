"""Lengths that are guessed are said without decimals."""

from datetime import timedelta

import pytest

from blueprints.progress import about


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (timedelta(0), "1 s"),
        (timedelta(seconds=89), "89 s"),
        (timedelta(minutes=2, seconds=20), "2 min"),
        (timedelta(minutes=89), "89 min"),
        (timedelta(hours=3, minutes=20), "3 h"),
        (timedelta(hours=38, minutes=53), "39 h"),
        (timedelta(days=2, hours=13), "3 days"),
    ],
)
def test_a_guess_pretends_no_exactness(length, said):
    assert about(length).replace("\N{NARROW NO-BREAK SPACE}", " ") == said
