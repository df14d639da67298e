"""How pages draw and say the progress of many runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from blueprints.formats import THIN_SPACE


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of the progress bar, in percent."""

    kind: str
    x: float
    width: float


def parts(counts: Mapping[str, int], kinds: Mapping[str, str], total: int) -> list[Part]:
    """The pieces of the progress bar, in the order of `kinds`; groups without runs have none."""
    found: list[Part] = []
    x = 0.0
    for group, kind in kinds.items():
        width = counts[group] / max(total, 1) * 100
        if width:
            found.append(Part(kind, round(x, 3), round(width, 3)))
        x += width
    return found


def about(length: timedelta) -> str:
    """A length that is not exact, so without decimals."""
    seconds = max(length.total_seconds(), 1)
    for most, unit, word in ((90, 1, "s"), (5400, 60, "min"), (172_800, 3600, "h")):
        if seconds < most:
            return f"{round(seconds / unit)}{THIN_SPACE}{word}"
    return f"{round(seconds / 86_400)}{THIN_SPACE}days"
