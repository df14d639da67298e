"""Rebuild what a run has done from its journal, for the worker and the run page alike."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from core.engine.entries import Entry


@dataclass(frozen=True, slots=True)
class StepRecord:
    """A step run's row: an effect that began, and how it ended."""

    path: str
    state: str  # started | succeeded | failed | unknown | skipped
    attempt: int
    key: str
    inputs: Any
    output: Any = None
    error: Any = None


@dataclass(frozen=True, slots=True)
class WaitRecord:
    """A wait's row: when it is due, and its answer if there is one."""

    path: str
    kind: str
    wake_at: datetime | None
    answered: bool
    payload: Any = None


@dataclass(frozen=True, slots=True)
class Phase:
    """Where a try stands."""

    name: str
    error: Any
    pending: Any


@dataclass(frozen=True, slots=True)
class Retried:
    """A failed attempt and when the next is due."""

    attempt: int
    error: Any
    due: datetime


@dataclass(slots=True)
class History:
    """All that a run has recorded, by path."""

    outputs: dict[str, Any] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    stopped: dict[str, str] = field(default_factory=dict)
    opened: dict[str, dict[str, Any]] = field(default_factory=dict)
    phases: dict[str, Phase] = field(default_factory=dict)
    retries: dict[str, list[Retried]] = field(default_factory=dict)
    variables: dict[str, dict[str, Any]] = field(default_factory=dict)
    replies: list[dict[str, Any]] = field(default_factory=list)
    items: dict[str, dict[int, tuple[str, Any, Any]]] = field(default_factory=dict)
    decisions: dict[str, list[str]] = field(default_factory=dict)
    steps: dict[str, StepRecord] = field(default_factory=dict)
    waits: dict[str, WaitRecord] = field(default_factory=dict)


def restore(
    segments: Iterable[Iterable[Entry]],
    step_records: Iterable[StepRecord] = (),
    waits: Iterable[WaitRecord] = (),
) -> History:
    """Segments in their order, step records of the highest round, and the waits."""
    history = History()
    for segment in segments:
        for entry in segment:
            if reader := _READERS.get(entry[0]):
                reader(history, *entry[1:])
    history.steps = {record.path: record for record in step_records}
    history.waits = {wait.path: wait for wait in waits}
    return history


def _open(history: History, path: str, data: dict[str, Any], at: float) -> None:
    history.opened[path] = data


def _phase(history: History, path: str, name: str, error: Any, pending: Any) -> None:
    history.phases[path] = Phase(name, error, pending)


def _done(history: History, path: str, output: Any, inputs: Any, us: int, at: float) -> None:
    history.outputs[path] = output


def _stopped(history: History, path: str, message: str) -> None:
    history.stopped[path] = message


def _skipped(history: History, path: str, why: str, at: float) -> None:
    history.skipped[path] = why


def _retry(history: History, path: str, attempt: int, error: Any, due: float, at: float) -> None:
    retried = Retried(attempt, error, datetime.fromtimestamp(due, UTC))
    history.retries.setdefault(path, []).append(retried)


def _vars(history: History, frame: str, changes: Mapping[str, Any]) -> None:
    history.variables.setdefault(frame, {}).update(changes)


def _reply(history: History, path: str, part: dict[str, Any]) -> None:
    history.replies.append(part)


def _item(
    history: History, path: str, index: int, state: str, result: Any, error: Any, at: float
) -> None:
    history.items.setdefault(path, {})[index] = (state, result, error)


def _decided(history: History, path: str, decision: str, by: str, at: float) -> None:
    history.decisions.setdefault(path, []).append(decision)


_READERS: dict[str, Any] = {
    "open": _open,
    "phase": _phase,
    "done": _done,
    "stopped": _stopped,
    "skipped": _skipped,
    "retry": _retry,
    "vars": _vars,
    "reply": _reply,
    "item": _item,
    "decided": _decided,
}
