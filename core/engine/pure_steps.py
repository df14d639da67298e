"""Pure steps: the world they meet, and the straight way to walk those without a policy.

What `walking` does for any step is done here in a line, with the same entries as its result: most
steps of most runs are light.
"""

import time
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from core.engine import entries, inputs
from core.engine.definition import Step
from core.engine.errors import StepFailed
from core.engine.frames import Frame
from core.engine.step_type import Effect, StepContext, StepType

if TYPE_CHECKING:
    from core.engine.executor import Journal
    from core.engine.walking import Walker


def is_light(step: Step, step_type: StepType) -> bool:
    """Whether nothing has to be asked, waited for or tried again to walk it."""
    return (
        step_type.effect is Effect.PURE
        and not step_type.is_block
        and not step_type.sleeps
        and not step_type.is_apart
        and step.only_when is None
        and step.retry is None
        and not step.disabled
    )


def walk(walker: "Walker", step: Step, step_type: StepType, path: str, frame: Frame) -> Any:
    """The output of a light step that nothing is recorded of; raises StepFailed, RunStopped."""
    if frame.deadlines:
        walker.check_deadlines(frame)
    walker.limits.spend()
    started, mark = walker.now(), time.perf_counter_ns()
    given = inputs.fill_in(step, step_type, frame.scope)
    world = context(walker, path, f"{walker.run_id}:{path}", started, None, frame)
    outcome = step_type.run(given, world)
    spent = (time.perf_counter_ns() - mark) // 1000
    return walker.finish(path, outcome, (given, spent, started), frame)


def context(
    walker: "Walker", path: str, key: str, started: datetime, timeout: float | None, frame: Frame
) -> StepContext:
    """The world of a step that does nothing to it."""
    log = _JournalLog(walker.journal, path, walker.now)
    zone = (frame.scope.get("run") or {}).get("timezone") or "UTC"
    nothing = _OUTSIDE
    return StepContext(key, started, nothing, nothing, nothing, log, nothing, zone, timeout)


class _JournalLog:
    """The log of a pure step: lines become entries."""

    __slots__ = ("journal", "now", "path")

    def __init__(self, journal: "Journal", path: str, now: Callable[[], datetime]) -> None:
        self.journal = journal
        self.path = path
        self.now = now

    def write(self, level: str, message: str) -> None:
        """Keep the line in the journal."""
        self.journal.add(entries.log(self.path, level, message, self.now()))


class _Outside:
    """What a pure step finds where the outside world would be."""

    def __getattr__(self, name: str) -> Any:
        raise StepFailed("a pure step cannot reach outside", kind="internal")


_OUTSIDE: Any = _Outside()
