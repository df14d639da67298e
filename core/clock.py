"""The time of day; the only caller of the system's clock."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

_frozen: "FrozenClock | None" = None


class FrozenClock:
    """A clock that moves only when told to."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def move(self, by: timedelta) -> None:
        """Let some time pass."""
        self.moment += by


def now() -> datetime:
    """The present moment, in UTC and aware of it."""
    return _frozen.moment if _frozen else datetime.now(UTC)


def milliseconds_since(moment: datetime) -> int:
    """How long ago that was; nothing by a clock that is behind the one that has dated it."""
    return max(round((now() - moment) / timedelta(milliseconds=1)), 0)


@contextmanager
def freeze(moment: datetime) -> Iterator[FrozenClock]:
    """Hold the clock at a moment, for tests."""
    global _frozen
    if moment.tzinfo is None:
        raise ValueError("a frozen clock needs a moment with a time zone")
    before, _frozen = _frozen, FrozenClock(moment.astimezone(UTC))
    try:
        yield _frozen
    finally:
        _frozen = before
