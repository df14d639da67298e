"""With whom a run shares its places."""

import pytest

from core.runtime.places import LONGEST_KEY, Limit, key_of, written


@pytest.mark.parametrize(
    ("value", "text"),
    [("ana", "ana"), (5, "5"), (None, ""), (True, "true"), ({"a": [1]}, '{"a":[1]}')],
)
def test_a_key_is_the_value_as_people_write_it(value, text):
    assert written(value) == text


def test_long_keys_stay_different_and_short():
    one, other = "x" * 5000, "x" * 4999 + "y"

    assert written(one) != written(other)
    assert len(written(one)) < LONGEST_KEY + 20


def test_tests_share_no_places_with_live_runs():
    limit = Limit(1)

    assert key_of(limit, "live", dict) != key_of(limit, "test", dict)


def test_what_cannot_be_computed_shares_with_its_like():
    limit = Limit(1, per="{{ 1 / 0 }}")

    assert key_of(limit, "live", dict) == "live:"
