"""What to do with times that have come: the policies for missed ones and for a busy schedule."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

MISSED: Final = ("skip", "run_once", "run_all")
OVERLAP: Final = ("skip", "queue", "replace", "allow")
ON_TIME: Final = timedelta(seconds=60)
MOST_CAUGHT_UP: Final = 1000


class LooksBack(Protocol):
    """What knows the times that have passed."""

    def latest(self, after: datetime, until: datetime, most: int) -> list[datetime]:
        """The last times later than `after` and not later than `until`, in order."""


@dataclass(frozen=True, slots=True)
class Due:
    """The due times that get a run, and how many get none because they were missed."""

    times: tuple[datetime, ...]
    missed: int


def due(
    recurrence: LooksBack, first: datetime, now: datetime, missed: str, *, after: datetime
) -> Due:
    """Which of the times from `first` until now get a run; those after it come after `after`.

    A time is missed once it is more than a minute ago, or once the next one has come as well.
    """
    times = [first, *recurrence.latest(max(first, after), now, MOST_CAUGHT_UP - 1)]
    kept = times
    if missed == "run_once" or (missed == "skip" and now - times[-1] <= ON_TIME):
        kept = times[-1:]
    elif missed == "skip":
        kept = []
    return Due(tuple(kept), len(times) - len(kept))


def starts(
    times: Sequence[datetime], overlap: str, *, is_busy: bool
) -> list[tuple[datetime, bool]]:
    """Which of these times start a run, each with whether it has to wait in line.

    Several times come only when missed ones are caught up; unless they may overlap they run one
    after the other.
    """
    if overlap == "allow":
        return [(at, False) for at in times]
    if overlap == "skip" and is_busy and len(times) == 1:
        return []
    is_free = overlap == "replace" or not is_busy
    return [(at, not is_free or number > 0) for number, at in enumerate(times)]
