"""What clocks on a wall show: which moments a time of day means where clocks are changed."""

from datetime import UTC, datetime, timedelta, tzinfo

SECOND = timedelta(seconds=1)


def shown(moment: datetime, zone: tzinfo) -> datetime:
    """What a clock in that zone shows, without a zone."""
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


def moments(time: datetime, zone: tzinfo) -> tuple[datetime, ...]:
    """When a clock shows that: once, twice after clocks went back, never if they skip it."""
    first, second = _both(time, zone)
    if first == second:
        return (first,)
    return (first, second) if first < second else ()


def one_moment(time: datetime, zone: tzinfo) -> datetime:
    """When a clock shows that: the first time, or where the clock goes on if it skips it."""
    first, second = _both(time, zone)
    return first if first <= second else change_between(second, first, zone)


def change_between(before: datetime, after: datetime, zone: tzinfo) -> datetime:
    """The moment between these two at which clocks are changed."""
    was = _distance(before, zone)
    while after - before > SECOND:
        middle = before + (after - before) / 2
        before, after = (middle, after) if _distance(middle, zone) == was else (before, middle)
    return after.replace(microsecond=0)


def change(before: datetime, after: datetime, zone: tzinfo) -> timedelta:
    """How far clocks are put forward between two moments; negative when back."""
    return _distance(after, zone) - _distance(before, zone)


def repeated(moment: datetime, zone: tzinfo) -> timedelta:
    """How much of the clock's time comes again, when it is shown for the first of two times."""
    both = moments(shown(moment, zone), zone)
    return both[1] - both[0] if len(both) == 2 and moment < both[1] else timedelta()


def _both(time: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    local = time.replace(tzinfo=zone)
    return local.replace(fold=0).astimezone(UTC), local.replace(fold=1).astimezone(UTC)


def _distance(moment: datetime, zone: tzinfo) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()
