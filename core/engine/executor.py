"""The machine: walk a definition's cursors until they end, fly or sleep; it does no I/O itself."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from core.engine import entries, failures
from core.engine.definition import Definition
from core.engine.entries import Entry
from core.engine.errors import StepFailed
from core.engine.frames import Frame
from core.engine.outcomes import Done, Outcome
from core.engine.requests import (
    BlockTimedOut,
    Cursor,
    Fork,
    Joined,
    Pause,
    Perform,
    RunAborted,
    RunStopped,
)
from core.engine.restore import History
from core.engine.step_type import StepType
from core.engine.walking import Limits, Walker

FAILURES = (StepFailed, RunStopped, RunAborted, BlockTimedOut)


class Journal(Protocol):
    """What the machine tells; the driver decides when it is written.

    Entries that are added together are written together.
    """

    def add(self, *added: Entry) -> None: ...

    def failed(self, perform: Perform, error: Mapping[str, Any]) -> None: ...

    def mark(self, perform: Perform, state: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Ended:
    """The run is over."""

    state: str  # succeeded | failed
    reason: str | None = None
    error: Mapping[str, Any] | None = None


@dataclass(eq=False, slots=True)
class _Task:
    """A cursor on its way, and the join that waits for it."""

    cursor: Cursor
    join: "_Join | None" = None
    index: int = 0
    is_dropped: bool = False
    child: "_Join | None" = None
    perform: Perform | None = None  # the last effect that it has asked for


@dataclass(eq=False, slots=True)
class _Join:
    """A fork under way: its owner goes on when all its cursors have ended."""

    owner: _Task
    fork: Fork
    active: dict[int, _Task] = field(default_factory=dict)
    results: dict[int, Joined] = field(default_factory=dict)
    begun: int = 0
    is_closing: bool = False


class Machine:
    """One run in memory. Drive it: `advance()`, perform what it returns, `complete()`, repeat."""

    def __init__(
        self,
        definition: Definition,
        step_types: Mapping[str, StepType],
        *,
        run_id: str,
        shared: Mapping[str, Any],
        history: History,
        journal: Journal,
        now: Callable[[], datetime],
        random: Callable[[], float],
        limits: Limits,
    ) -> None:
        walker = Walker(step_types, run_id, history, journal, now=now, random=random, limits=limits)
        values = dict(history.variables.get("", {}))
        frame = Frame.root(definition.step_ids(), {**shared, "__now__": now}, values)
        self.replies = walker.replies
        self.limits = limits
        self._journal = journal
        self._now = now
        self.ended: Ended | None = None
        self.paused: dict[str, Pause] = {}
        self.dropped: set[str] = set()  # paths of what was awaited when a path beside it failed
        self._root = _Task(walker.run_steps(definition.steps, frame))
        self._ready: deque[tuple[_Task, Any, Exception | None]] = deque([(self._root, None, None)])
        self._sleeping: dict[str, _Task] = {}
        self._flying: dict[str, _Task] = {}
        self._left: dict[str, Perform] = {}  # effects under way that nobody waits for
        self._outgoing: list[Perform] = []

    def awaits(self, path: str) -> bool:
        """Whether the effect at that path is under way and its outcome still wanted."""
        return path in self._flying

    @property
    def next_wake(self) -> datetime | None:
        """When the earliest pause with a time is due."""
        return min((p.wake_at for p in self.paused.values() if p.wake_at), default=None)

    def advance(self) -> list[Perform]:
        """Go on until nothing can: effects to perform now; look at `ended` and `paused` after."""
        while self._ready:
            task, value, error = self._ready.popleft()
            if task.is_dropped or self.ended is not None:
                self._keep(task.perform, error or value)
            else:
                self._resume(task, value, error)
        outgoing, self._outgoing = self._outgoing, []
        return [] if self.ended else outgoing

    def complete(self, path: str, outcome: Outcome | StepFailed) -> None:
        """An effect has ended."""
        task = self._flying.pop(path, None)
        if task is None:
            self._keep(self._left.get(path), outcome)
        elif isinstance(outcome, StepFailed):
            self._ready.append((task, None, outcome))
        else:
            self._ready.append((task, outcome, None))

    def _keep(self, perform: Perform | None, outcome: Any) -> None:
        """Record how an effect ended that nobody waits for any more: whoever retries needs it."""
        if perform is None:
            return
        path, at = perform.path, self._now()
        match outcome:
            case Done():
                self._journal.add(entries.done(path, outcome.output, None, 0, at))
            case StepFailed():
                self._journal.failed(perform, failures.of_effect(outcome, perform, at))
            case _:
                self.dropped.add(path)

    def wake(self, path: str, answer: Any = None) -> None:
        """A pause is over: its time has come or its answer is there."""
        del self.paused[path]
        self._ready.append((self._sleeping.pop(path), answer, None))

    def abort(self, kind: str, message: str, reason: str) -> None:
        """End the run from outside, as a used-up limit does."""
        self._end(RunAborted(kind, message, reason))

    def _resume(self, task: _Task, value: Any, error: Exception | None) -> None:
        try:
            request = task.cursor.throw(error) if error else task.cursor.send(value)
        except StopIteration as stop:
            self._settle(task, Joined(stop.value))
        except FAILURES as failure:
            self._settle(task, Joined(error=failure))
        else:
            self._take(task, request)

    def _take(self, task: _Task, request: Perform | Pause | Fork) -> None:
        match request:
            case Perform():
                task.perform = request
                self._flying[request.path] = task
                self._outgoing.append(request)
            case Pause():
                self.paused[request.path] = request
                self._sleeping[request.path] = task
            case Fork():
                task.child = _Join(task, request)
                self._refill(task.child)

    def _refill(self, join: _Join) -> None:
        """Begin cursors up to the limit; hand the owner its results when all have ended."""
        while not join.is_closing and len(join.active) < join.fork.limit:
            cursor = next(join.fork.cursors, None)
            if cursor is None:
                break
            task = _Task(cursor, join, join.begun)
            join.active[join.begun] = task
            join.begun += 1
            self._ready.append((task, None, None))
        if not join.active:
            join.owner.child = None
            results = [join.results[index] for index in sorted(join.results)]
            self._ready.append((join.owner, results, None))

    def _settle(self, task: _Task, joined: Joined) -> None:
        if task.join is None:
            self._end(joined.error)
            return
        join = task.join
        del join.active[task.index]
        join.results[task.index] = joined
        is_fatal = not isinstance(joined.error, StepFailed | None)
        if joined.error is not None and (join.fork.is_stopping or is_fatal):
            join.is_closing = True
            # The time is up for its siblings, too; each ends by itself, through its own finally.
            if not isinstance(joined.error, BlockTimedOut):
                for sibling in join.active.values():
                    self._drop(sibling)
                join.active.clear()
        self._refill(join)

    def _drop(self, task: _Task) -> None:
        """A sibling has failed: this cursor begins nothing further, its requests are abandoned."""
        task.is_dropped = True
        for where in (self._flying, self._sleeping):
            for path in [path for path, flying in where.items() if flying is task]:
                del where[path]
                self.paused.pop(path, None)
                self.dropped.add(path)
                if where is self._flying and task.perform:
                    self._left[path] = task.perform
        self._outgoing = [p for p in self._outgoing if p.path in self._flying]
        if task.child is not None:
            for inner in task.child.active.values():
                self._drop(inner)
        task.cursor.close()

    def _end(self, error: Exception | None) -> None:
        if error is None or isinstance(error, RunStopped):
            error = self.limits.overdue() or error
        match error:
            case None:
                self.ended = Ended("succeeded")
            case RunStopped():
                self.ended = Ended("succeeded", "stopped")
            case RunAborted():
                problem = {"kind": error.kind, "message": error.message, "retryable": False}
                self.ended = Ended("failed", error.reason, problem)
            case StepFailed():
                self.ended = Ended("failed", None, error.described)
            case _:
                raise error
