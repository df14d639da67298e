"""How long runs take: typical, slow, and the slowest one percent, from a weighted sample."""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate

SHARES = (0.5, 0.95, 0.99)


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds that half of the runs, 95 % and 99 % of them don't exceed."""

    typical: float
    slow: float
    slowest: float


def times(measured: Iterable[tuple[float, float]]) -> Times | None:
    """From (milliseconds, how many runs this one stands for); None without any."""
    ordered = sorted(measured)
    if not ordered:
        return None
    reached = list(accumulate(weight for _, weight in ordered))
    # A hair less, because weights are fractions and their sum is not exact.
    places = [bisect_left(reached, share * reached[-1] * (1 - 1e-9)) for share in SHARES]
    return Times(*(ordered[place][0] for place in places))
