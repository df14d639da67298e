"""A stretch of a long list: its newest entries, and a way to those before."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

SHOWN = 100  # entries on one page
Entry = TypeVar("Entry")


@dataclass(frozen=True, slots=True)
class Excerpt(Generic[Entry]):
    """Some entries that follow one another."""

    entries: Sequence[Entry]
    first: int  # its place among all
    count: int  # of all

    @property
    def last(self) -> int:
        """The place behind the last of them."""
        return self.first + len(self.entries)

    @property
    def ways(self) -> list[tuple[str, int]]:
        """Where there are more: a word, and the first entry to show."""
        earlier = [("Earlier", max(self.first - SHOWN, 0))] if self.first else []
        return earlier + ([("Later", self.last)] if self.last < self.count else [])


def excerpt(entries: Sequence[Entry], wished: int | None) -> Excerpt[Entry]:
    """The entries from the wished place on; without a wish, the newest."""
    newest = max(len(entries) - SHOWN, 0)
    first = newest if wished is None else min(wished, newest)
    return Excerpt(entries[first : first + SHOWN], first, len(entries))
