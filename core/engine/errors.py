"""Everything the engine raises on purpose.

EngineError
  DefinitionError     the author's definition cannot be read or changed like that
  StepFailed          a step did its work and the work failed
  StateConflict       another process moved the run first
  RunCancelled        somebody cancelled the run while it was held
  CatalogueError      a file of a catalogue does not keep the catalogue's contract
"""

from collections.abc import Mapping
from typing import Any


class EngineError(Exception):
    """The root of all failures on purpose."""


class DefinitionError(EngineError):
    """The author's definition cannot be read or changed like that."""


class CatalogueError(EngineError):
    """A file of a catalogue does not keep the catalogue's contract."""


class StateConflict(EngineError):
    """Another process moved the run first; the loser leaves quietly."""


class RunCancelled(EngineError):
    """Somebody cancelled the run while this process held it."""


class StepFailed(EngineError):
    """A step's work failed; `retryable` says whether trying again can help.

    `kind` is one of the contract's: failed, expression, http, timeout, connection,
    blocked_address, cancelled, child_failed, limit, quarantined, internal.
    `details` may hold status, headers and body of an answer; `retry_after` is in seconds.
    """

    def __init__(
        self,
        message: str,
        *,
        kind: str = "failed",
        retryable: bool = False,
        retry_after: float | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.kind = kind
        self.retryable = retryable
        self.retry_after = retry_after
        self.details = dict(details or {})
        self.described: dict[str, Any] | None = None  # the error object, once it is written down
