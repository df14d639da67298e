"""What a step may answer when it is asked to run."""

from collections.abc import Mapping, Sequence
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
    has_body: bool = True  # else the body of an earlier part stays


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
    at: datetime | None = None  # not before; a moment that has passed is at once
    is_planned: bool = False  # it belongs to a chain of runs that plan one another


@dataclass(frozen=True, slots=True)
class StartBatch:
    """The step plans a run of another workflow for each of these parameters."""

    workflow: str
    items: Sequence[Any]  # what each run is given
    concurrency: int
    at: datetime | None = None
    interval: timedelta | None = None
    when_finished: str | None = None


@dataclass(frozen=True, slots=True)
class CancelPlanned:
    """The step takes back runs that have not begun, or a batch's."""

    run_ids: Sequence[str] = ()
    batch_id: str | None = None


@dataclass(frozen=True, slots=True)
class AwaitCall:
    """The step ends when another system calls its address, or fails when nobody has in time."""

    length: timedelta | None = None


@dataclass(frozen=True, slots=True)
class AskPeople:
    """The step ends when one of these people has answered, or fails when nobody has in time."""

    people: Sequence[Any]  # MailAddress
    message: str
    length: timedelta | None = None
    remind_after: timedelta | None = None
    until: datetime | None = None  # once it has been asked


@dataclass(frozen=True, slots=True)
class Stop:
    """The run ends here, as succeeded."""

    message: str = ""


Outcome = Done | Sleep | StartRun | StartBatch | CancelPlanned | AwaitCall | AskPeople | Stop
