"""How long runs take: typical, slow, and the slowest one percent, from a weighted sample."""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import Protocol

SHARES = (0.5, 0.95, 0.99)


class Run(Protocol):
    """What is asked of a run to tell how long it took."""

    @property
    def created_at(self) -> datetime: ...
    @property
    def due_at(self) -> datetime | None: ...
    @property
    def finished_at(self) -> datetime | None: ...
    @property
    def idle_ms(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds that half of the runs, 95 % and 99 % of them don't exceed."""

    typical: float
    slow: float
    slowest: float


def took(run: Run) -> float | None:
    """Milliseconds it was under way: not until a planned one was due, nor while it lay failed.

    `storage.run_ranges` reckons the same in the database.
    """
    if run.finished_at is None:
        return None
    begun_at = max(run.created_at, run.due_at or run.created_at)
    lasted = (run.finished_at - begun_at).total_seconds() * 1000
    return max(lasted - run.idle_ms, 0)


def times(measured: Iterable[tuple[float, float]]) -> Times | None:
    """From (milliseconds, how many runs this one stands for); None without any."""
    ordered = sorted(measured)
    if not ordered:
        return None
    reached = list(accumulate(weight for _, weight in ordered))
    # A hair less, because weights are fractions and their sum is not exact.
    places = [bisect_left(reached, share * reached[-1] * (1 - 1e-9)) for share in SHARES]
    return Times(*(ordered[place][0] for place in places))
