"""Codes of apps, after the published vectors."""

import base64
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from core.runtime import time_codes

# RFC 6238, appendix B (SHA-1), the last six of its eight digits.
KEY = base64.b32encode(b"12345678901234567890").decode()
VECTORS = [
    (59, "287082"),
    (1111111109, "081804"),
    (1111111111, "050471"),
    (1234567890, "005924"),
    (2000000000, "279037"),
    (20000000000, "353130"),
]


@pytest.mark.parametrize("seconds, code", VECTORS)
def test_codes_are_those_of_the_specification(seconds, code):
    moment = datetime.fromtimestamp(seconds, UTC)

    assert time_codes.code_at(KEY, time_codes.step_at(moment)) == code


@pytest.mark.parametrize("late, is_right", [(-60, False), (-30, True), (30, True), (60, False)])
def test_a_clock_may_be_half_a_minute_off(late, is_right):
    now = datetime(2026, 5, 3, 9, 0, tzinfo=UTC)
    step = time_codes.step_at(now + timedelta(seconds=late))

    found = time_codes.step_of(KEY, time_codes.code_at(KEY, step), now)

    assert found == (step if is_right else None)


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "૧૨૩૪૫૬", "abcdef"])
def test_what_is_no_code_is_wrong_and_not_an_error(typed):
    assert time_codes.step_of(KEY, typed, datetime(2026, 5, 3, tzinfo=UTC)) is None


def test_the_picture_names_who_and_where():
    address = time_codes.enrolment_address(KEY, issuer="Lind: Supply & Co", email="a+b@example.org")

    parts = urlsplit(address)
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert parts.path == "/Lind%20%20Supply%20%26%20Co:a%2Bb@example.org"
    said = parse_qs(parts.query)
    assert (said["secret"], said["issuer"]) == ([KEY], ["Lind  Supply & Co"])
