"""The lines that a run wrote to its log: the newest of them, and a way to those before."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.engine.traces import LogLine

SHOWN = 100  # lines on one page


@dataclass(frozen=True, slots=True)
class Page:
    """Some lines that follow one another."""

    lines: Sequence[LogLine]
    first: int  # its place among all
    count: int  # of all

    @property
    def last(self) -> int:
        """The place behind the last of them."""
        return self.first + len(self.lines)

    @property
    def ways(self) -> list[tuple[str, int]]:
        """Where there are more: a word, and the first line to show."""
        earlier = [("Earlier", max(self.first - SHOWN, 0))] if self.first else []
        return earlier + ([("Later", self.last)] if self.last < self.count else [])


def page(lines: Sequence[LogLine], wished: int | None) -> Page:
    """The lines from the wished place on; without a wish, the newest."""
    newest = max(len(lines) - SHOWN, 0)
    first = newest if wished is None else min(wished, newest)
    return Page(lines[first : first + SHOWN], first, len(lines))
