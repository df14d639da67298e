"""When each step of a run did what: the journal's entries read for people, not for resuming."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from core.engine.entries import Entry
from core.engine.step_type import RUN_AGAIN

SILENCE = timedelta(seconds=12)  # longer than it takes to see that a worker is gone


@dataclass(frozen=True, slots=True)
class FailedAttempt:
    """An attempt that failed, and when the next was due."""

    attempt: int
    error: Mapping[str, Any]
    at: datetime
    due: datetime | None = None


@dataclass(slots=True)
class Trace:
    """What one path of a run has left behind."""

    opened: Mapping[str, Any] | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    is_done: bool = False
    inputs: Any = None
    output: Any = None
    skipped: str = ""
    sent_again_at: datetime | None = None  # a person had it run again
    failed_attempts: list[FailedAttempt] = field(default_factory=list)

    def begin(self, at: datetime) -> None:
        """Keep the earliest moment: a step taken up again began when it first began."""
        self.started_at = min(self.started_at, at) if self.started_at else at


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of a loop that has ended."""

    index: int
    state: str
    result: Any
    error: Any
    at: datetime


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line the author wrote."""

    path: str
    level: str
    message: str
    at: datetime


@dataclass(slots=True)
class Hold:
    """A worker had the run; `ending` is as in the journal, or lost, or empty for the last one."""

    worker: str
    taken_at: datetime
    last_sign_at: datetime
    ended_at: datetime | None = None
    ending: str = ""
    fence: int = 0  # each hold's is higher than the one's before

    @property
    def cut_at(self) -> datetime:
        """When a lost worker ended, as near as can be known: it wrote just before, or was seen."""
        if self.ended_at is None or self.ended_at - self.last_sign_at < SILENCE:
            return self.last_sign_at
        return self.ended_at


@dataclass(frozen=True, slots=True)
class Retry:
    """A person took the failed run up again, at that path, and how."""

    path: str
    by: str
    at: datetime
    failed_at: datetime | None = None  # unknown in older journals, as is the version
    version: int | None = None  # the number of another one on which it went on
    is_skipped: bool = False
    is_changed: bool = False  # something else went in


@dataclass(slots=True)
class Traces:
    """The whole journal by path, with the turns, the lines and the workers."""

    steps: dict[str, Trace] = field(default_factory=dict)
    turns: dict[str, dict[int, Turn]] = field(default_factory=dict)
    lines: list[LogLine] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    retries: list[Retry] = field(default_factory=list)
    open_since: dict[str, int] = field(default_factory=dict)  # rounds in which paths were reopened
    answers: list[str] = field(default_factory=list)  # paths of steps that answered the caller
    phases: dict[str, str] = field(default_factory=dict)
    caught: dict[str, Mapping[str, Any]] = field(default_factory=dict)  # errors, by the try's path
    begun: dict[str, set[int]] = field(default_factory=dict)  # turns by their loop's path

    def at(self, path: str) -> Trace:
        """The trace of that path, empty if nothing was left there."""
        trace = self.steps.get(path)
        if trace is None:
            trace = self.steps[path] = Trace()
            if "/" in path:
                note_turns(self.begun, path)
        return trace


def read(segments: Iterable[tuple[datetime, Iterable[Entry]]]) -> Traces:
    """The segments of a run in their order, each with the time it was committed."""
    traces = Traces()
    for committed_at, entries in segments:
        read_on(traces, committed_at, entries)
    return traces


def read_on(traces: Traces, committed_at: datetime, entries: Iterable[Entry]) -> None:
    """One more segment."""
    for entry in entries:
        if reader := _READERS.get(entry[0]):
            reader(traces, *entry[1:])
    _sign(traces, committed_at)


def note_turns(begun: dict[str, set[int]], path: str) -> None:
    """Note the turns of loops in which that path lies: `each/3/inner/0/call` is in two."""
    parts = path.split("/")
    for at in range(1, len(parts) - 1, 2):
        if parts[at].isdigit():
            begun.setdefault("/".join(parts[:at]), set()).add(int(parts[at]))


def _open(traces: Traces, path: str, data: Mapping[str, Any], at: float) -> None:
    trace = traces.at(path)
    trace.opened = data
    trace.begin(_moment(at))


def _phase(traces: Traces, path: str, name: str, error: Any, pending: Any) -> None:
    traces.phases[path] = name
    if caught := error or (pending or {}).get("error"):
        traces.caught[path] = caught


def _done(
    traces: Traces, path: str, output: Any, inputs: Any, microseconds: int, at: float
) -> None:
    trace = traces.at(path)
    trace.is_done = True
    trace.output = output
    trace.inputs = inputs if inputs is not None else trace.inputs
    trace.begin(_moment(at))
    trace.finished_at = _moment(at) + timedelta(microseconds=microseconds)


def _skipped(traces: Traces, path: str, why: str, at: float) -> None:
    trace = traces.at(path)
    trace.skipped = why
    trace.started_at = trace.finished_at = _moment(at)


def _retry(
    traces: Traces, path: str, attempt: int, error: Mapping[str, Any], due: float, at: float
) -> None:
    failed = FailedAttempt(attempt, error, _moment(at), _moment(due))
    traces.at(path).failed_attempts.append(failed)


def _reply(traces: Traces, path: str, part: Any) -> None:
    traces.answers.append(path)


def _item(
    traces: Traces, path: str, index: int, state: str, result: Any, error: Any, at: float
) -> None:
    turn = Turn(index, state, result, error, _moment(at))
    traces.begun.setdefault(path, set()).add(index)
    traces.turns.setdefault(path, {})[index] = turn


def _log(traces: Traces, path: str, level: str, message: str, at: float) -> None:
    traces.lines.append(LogLine(path, level, message, _moment(at)))


def _taken(traces: Traces, worker: str, fence: int, at: float) -> None:
    traces.holds.append(Hold(worker, _moment(at), _moment(at), fence=fence))


def _let_go(traces: Traces, worker: str, why: str, at: float) -> None:
    _end_hold(traces, why, _moment(at))


def _lost(traces: Traces, worker: str, at: float) -> None:
    _end_hold(traces, "lost", _moment(at))


def _end_hold(traces: Traces, ending: str, at: datetime) -> None:
    if traces.holds and traces.holds[-1].ended_at is None:
        traces.holds[-1].ended_at = at
        traces.holds[-1].ending = ending


def _sign(traces: Traces, at: datetime) -> None:
    """A committed segment is a sign of life of the worker that holds the run."""
    if traces.holds and traces.holds[-1].ended_at is None:
        traces.holds[-1].last_sign_at = max(at, traces.holds[-1].last_sign_at)


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def _decided(traces: Traces, path: str, decision: str, by: str, at: float) -> None:
    if decision == RUN_AGAIN:
        traces.at(path).sent_again_at = _moment(at)


def _retried(
    traces: Traces, path: str, round_: int, plan: Mapping[str, Any], by: str, at: float
) -> None:
    traces.retries.append(_retry_of(path, plan, by, _moment(at)))
    for reopened, _ in plan["reopened"]:
        traces.open_since[reopened] = round_
        traces.at(reopened).is_done = False
        traces.at(reopened).failed_attempts = []
    for gone in plan["forgotten"]:
        traces.open_since[gone] = round_
        traces.steps.pop(gone, None)
    for loop, index in plan["items"]:
        traces.turns.get(loop, {}).pop(index, None)
    passed = {later: "later" for later in plan["later"]}
    if plan["is_skipped"]:
        passed[path] = "decided"
    for skipped, why in passed.items():
        _skipped(traces, skipped, why, at)


def _retry_of(path: str, plan: Mapping[str, Any], by: str, at: datetime) -> Retry:
    failed_at = plan.get("failed_at")
    return Retry(
        path,
        by,
        at,
        min(_moment(failed_at), at) if failed_at else None,
        plan.get("version"),
        plan["is_skipped"],
        plan["inputs"] is not None,
    )


_READERS: dict[str, Any] = {
    "open": _open,
    "phase": _phase,
    "done": _done,
    "skipped": _skipped,
    "retry": _retry,
    "reply": _reply,
    "item": _item,
    "log": _log,
    "taken": _taken,
    "let_go": _let_go,
    "lost": _lost,
    "decided": _decided,
    "retried": _retried,
}
