from datetime import UTC, datetime, timedelta, timezone

import pytest

from core import clock

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_now_is_aware_and_in_utc():
    assert clock.now().tzinfo is UTC


def test_a_frozen_clock_moves_only_when_told_to():
    with clock.freeze(NOON) as frozen:
        assert clock.now() == NOON

        frozen.move(timedelta(hours=2))

        assert clock.now() == NOON + timedelta(hours=2)
    assert clock.now() != NOON + timedelta(hours=2)


def test_clocks_frozen_inside_each_other_thaw_one_by_one():
    later = NOON.astimezone(timezone(timedelta(hours=1))) + timedelta(days=1)

    with clock.freeze(NOON):
        with clock.freeze(later):
            assert clock.now() == NOON + timedelta(days=1)
        assert clock.now() == NOON


def test_a_moment_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="time zone"), clock.freeze(datetime(2026, 1, 1)):
        pass
