"""What a step may answer when it is asked to run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any


@dataclass(frozen=True, slots=True)
class Reply:
    """A part of what the waiting caller gets; bodies that are objects merge by key."""

    body: Any = None
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """The step has worked: its output, the variables it sets, its part of the response."""

    output: Any = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    reply: Reply | None = None


@dataclass(frozen=True, slots=True)
class Sleep:
    """The step ends when the time has come; for a length or until a time, never both."""

    until: datetime | None = None
    length: timedelta | None = None


@dataclass(frozen=True, slots=True)
class StartRun:
    """The step starts a run of another workflow and may wait for its response."""

    workflow: str
    parameters: Mapping[str, Any]
    wait: bool = True


@dataclass(frozen=True, slots=True)
class Stop:
    """The run ends here, as succeeded."""

    message: str = ""


Outcome = Done | Sleep | StartRun | Stop
