"""Rebuild what a run has done from its journal, for the worker and the run page alike."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from core.engine.entries import Entry

# The time of a wait, and the most turns of a loop; what else a block has chosen stays.
CHOSEN_ANEW = frozenset({"wake_at", "max"})


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
    caught: dict[str, Phase] = field(default_factory=dict)  # of tries that came to their catch
    given: dict[str, Any] = field(default_factory=dict)  # inputs that a person has edited
    round: int = 1
    earlier: dict[str, StepRecord] = field(default_factory=dict)  # of the rounds before
    decisions: dict[str, list[str]] = field(default_factory=dict)
    steps: dict[str, StepRecord] = field(default_factory=dict)
    waits: dict[str, WaitRecord] = field(default_factory=dict)
    losses: int = 0  # of workers that had it

    def paths(self) -> Iterator[str]:
        """Every path of which the run knows something."""
        for known in (self.outputs, self.skipped, self.opened, self.steps, self.earlier):
            yield from (path.partition("#")[0] for path in known)

    def knows(self, path: str) -> bool:
        """Whether anything is recorded of the step at that path."""
        return (
            path in self.outputs
            or path in self.skipped
            or path in self.stopped
            or path in self.retries
            or path in self.given
            or path in self.earlier
            or path in self.steps
        )


def restore(
    segments: Iterable[Iterable[Entry]],
    step_records: Iterable[StepRecord] = (),
    waits: Iterable[WaitRecord] = (),
    earlier: Iterable[StepRecord] = (),
) -> History:
    """Segments in their order, step records and waits of this round, records of those before."""
    history = History()
    for segment in segments:
        for entry in segment:
            if reader := _READERS.get(entry[0]):
                reader(history, *entry[1:])
    history.steps = {record.path: record for record in step_records}
    history.waits = {wait.path: wait for wait in waits}
    history.earlier = {record.path: record for record in earlier}
    return history


def _open(history: History, path: str, data: dict[str, Any], at: float) -> None:
    history.opened[path] = data


def _phase(history: History, path: str, name: str, error: Any, pending: Any) -> None:
    history.phases[path] = Phase(name, error, pending)
    if name == "catch":
        history.caught[path] = history.phases[path]


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


def _lost(history: History, worker: str, at: float) -> None:
    history.losses += 1


def _decided(history: History, path: str, decision: str, by: str, at: float) -> None:
    history.decisions.setdefault(path, []).append(decision)


def _retried(
    history: History, path: str, round_: int, plan: Mapping[str, Any], by: str, at: float
) -> None:
    history.round = round_
    for deadline in [path for path in history.opened if path.endswith("#deadline")]:
        del history.opened[deadline]  # the time it lay failed is nobody's: what goes on has its own
    for opened, branch in plan["reopened"]:
        _reopen(history, opened, branch)
    for loop, index in plan["items"]:
        history.items.get(loop, {}).pop(index, None)
    for gone in plan["forgotten"]:
        _forget(history, gone)
    if plan["inputs"] is not None:
        history.given[path] = plan["inputs"]
    history.skipped.update({later: "later" for later in plan["later"]})
    if plan["is_skipped"]:
        history.skipped[path] = "decided"


def _reopen(history: History, path: str, branch: str) -> None:
    """A step or block is open again; its attempts are counted anew."""
    history.outputs.pop(path, None)
    history.retries.pop(path, None)
    if not branch and not CHOSEN_ANEW.isdisjoint(history.opened.get(path, ())):
        del history.opened[path]
        history.opened.pop(f"{path}/{len(history.items.get(path, ()))}#turn", None)
    if branch == "catch":
        history.phases[path] = history.caught[path]
    elif branch != "finally":
        history.phases.pop(path, None)


def _forget(history: History, path: str) -> None:
    """A step has not run yet: a phase that comes later will walk it again."""
    kept: tuple[dict[str, Any], ...] = (
        history.outputs,
        history.skipped,
        history.stopped,
        history.opened,
        history.phases,
        history.retries,
        history.items,
    )
    for known in kept:
        for key in [
            key for key in known if key == path or key.startswith((f"{path}/", f"{path}#"))
        ]:
            del known[key]


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
    "lost": _lost,
    "retried": _retried,
}
