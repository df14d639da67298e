"""What a cursor asks of the machine, and what the machine asks of its driver."""

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.engine.definition import Step
from core.engine.step_type import StepType

Cursor = Generator[Any, Any, Any]


@dataclass(frozen=True, slots=True)
class Perform:
    """Run this step's effect outside the machine; the outcome or a StepFailed comes back."""

    path: str
    step: Step
    step_type: StepType
    inputs: Mapping[str, Any]
    key: str
    attempt: int
    is_again: bool = False  # it was under way when a process died: same inputs, same key
    timeout: float | None = None  # seconds
    after_crash: str = ""  # run_again | ask | skip for outside effects


@dataclass(frozen=True, slots=True)
class Pause:
    """Go on at that time, or when an answer comes; the answer comes back."""

    path: str
    kind: str  # time | retry | child | call | approval | unknown_outcome
    wake_at: datetime | None


@dataclass(frozen=True, slots=True)
class Fork:
    """Walk these cursors side by side, `limit` at once; a list of Joined comes back."""

    cursors: Iterator[Cursor]
    limit: int
    is_stopping: bool  # the first failure ends the others


@dataclass(frozen=True, slots=True)
class Joined:
    """How one forked cursor ended."""

    value: Any = None
    error: Exception | None = None


class RunStopped(Exception):
    """A stop step ends the run as succeeded; passes through finally, not through catch."""


class RunAborted(Exception):
    """A limit of the whole run is used up; passes through everything."""

    def __init__(self, kind: str, message: str, reason: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.reason = reason


class BlockTimedOut(Exception):
    """The block at `path` has used up its time; only that block may catch it."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path
