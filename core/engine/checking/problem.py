"""A problem of a definition: what it is, where it is, and what to do."""

import hashlib
import re
from dataclasses import dataclass

ERROR = "error"  # keeps the definition from being published
WARNING = "warning"
QUOTED = re.compile("“([^”]*)”")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend. `field` is dotted: inputs.url, only_when, triggers.endpoint.auth.

    `about` is what it depends on beyond its words: another makes it another problem.
    """

    code: str
    severity: str
    message: str
    step_id: str | None = None
    field: str | None = None
    column: int | None = None
    about: str = ""

    @property
    def key(self) -> str:
        """The same as long as the problem is the same: what an acceptance is tied to.

        Of the message only what it names counts, so that better words change nothing.
        """
        named = QUOTED.findall(self.message)
        parts = (self.code, self.step_id or "", self.field or "", self.about, *named)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]

    @property
    def is_error(self) -> bool:
        """Whether it keeps the definition from being published."""
        return self.severity == ERROR


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands: a step (None: the starts or settings) and a dotted field."""

    step_id: str | None
    field: str

    def inner(self, *keys: str | int) -> "Place":
        """The place of a value inside this one."""
        return Place(self.step_id, ".".join([self.field, *map(str, keys)]))

    def error(self, code: str, message: str, column: int | None = None) -> Problem:
        """A problem here that keeps the definition from being published."""
        return Problem(code, ERROR, message, self.step_id, self.field, column)

    def warning(
        self, code: str, message: str, column: int | None = None, *, about: str = ""
    ) -> Problem:
        """A problem here that somebody may accept, saying why."""
        return Problem(code, WARNING, message, self.step_id, self.field, column, about)
