"""A problem of a definition: what it is, where it is, and what to do."""

from dataclasses import dataclass

ERROR = "error"  # keeps the definition from being published
WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend. `field` is dotted: inputs.url, only_when, triggers.endpoint.auth."""

    code: str
    severity: str
    message: str
    step_id: str | None = None
    field: str | None = None
    column: int | None = None

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

    def warning(self, code: str, message: str, column: int | None = None) -> Problem:
        """A problem here that somebody may live with."""
        return Problem(code, WARNING, message, self.step_id, self.field, column)
