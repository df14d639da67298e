"""How much work one field may cause."""

import time

from core.engine.expressions.errors import ExpressionError

UNITS = 1_000_000
SECONDS = 1.0
GLANCE = 1000  # units between two looks at the watch

LONGEST_TEXT = 10_000_000  # bytes of UTF-8
LARGEST_RESULT = 1_000_000  # values inside a result, and 128 characters count like one
DEEPEST_VALUE = 100  # levels of lists and objects in what an expression makes
LARGEST_INTEGER = 2**63 - 1
SMALLEST_INTEGER = -(2**63)


class Meter:
    """Counts units and wall time; the first thousand units are not timed."""

    __slots__ = ("_deadline", "_glance_at", "_left", "_room", "_seconds")

    def __init__(self, units: int = UNITS, seconds: float = SECONDS) -> None:
        self._left = units
        self._seconds = seconds
        self._deadline: float | None = None
        self._glance_at = max(units - GLANCE, 0)
        self._room = LARGEST_RESULT

    def spend(self, units: int) -> None:
        """Count units; raises ExpressionError when there are none left, or no time."""
        self._left -= units
        if self._left < self._glance_at:
            self.look()

    def look(self) -> None:
        """Look at the watch now."""
        if self._left < 0:
            raise ExpressionError("this is too much work for one field: it handles too many items")
        self._glance_at = max(self._left - GLANCE, 0)
        now = time.monotonic()
        if self._deadline is None:
            self._deadline = now + self._seconds
        elif now > self._deadline:
            raise ExpressionError(f"this takes longer than {self._seconds:g} s")

    def keep(self, values: int) -> None:
        """Count values of a result; raises ExpressionError when it gets too large."""
        self._room -= values
        if self._room < 0:
            raise ExpressionError("the result is too large")
        if values > GLANCE:
            self.look()

    def spend_text(self, length: int) -> None:
        """Count the reading or writing of that many characters."""
        self.spend(1 + (length >> 7))
