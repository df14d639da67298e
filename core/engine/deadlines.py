"""When the time of blocks and steps is up: fixed once, so that it is the same after a crash."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from core.engine import durations
from core.engine.definition import Step
from core.engine.errors import StepFailed
from core.engine.frames import Frame
from core.engine.requests import BlockTimedOut, Perform

if TYPE_CHECKING:
    from core.engine.walking import Walker


def of_block(walker: "Walker", step: Step, path: str, frame: Frame) -> Frame:
    """The frame of a block, which is to be left when the time that its author gives is up."""
    return frame if step.timeout is None else frame.until(path, _fixed(walker, path, step.timeout))


def of_step(walker: "Walker", perform: Perform) -> datetime | None:
    """Until when a step may sleep, if its author says so."""
    timeout = perform.step.timeout
    return None if timeout is None else _fixed(walker, perform.path, timeout)


def _fixed(walker: "Walker", path: str, timeout: str) -> datetime:
    length = durations.parse(timeout)
    opened = walker.fix(
        f"{path}#deadline", lambda: {"deadline": (walker.now() + length).timestamp()}
    )
    return datetime.fromtimestamp(opened["deadline"], UTC)


def first(frame: Frame, *times: datetime | None) -> datetime | None:
    """The first of these times and of the deadlines of the blocks around here."""
    known = (time for time in (*times, *(end for _, end in frame.deadlines)) if time is not None)
    return min(known, default=None)


def check(ends: Iterable[tuple[str, datetime]], now: datetime) -> None:
    """Raise BlockTimedOut for the first of these blocks whose time is up."""
    for path, deadline in ends:
        if now >= deadline:
            raise BlockTimedOut(path)


def overdue(step: Step) -> StepFailed:
    """The failure of a step or block whose time is up."""
    given = durations.words(durations.parse(step.timeout or "0s"))
    return StepFailed(f"this took longer than {given}", kind="timeout")
