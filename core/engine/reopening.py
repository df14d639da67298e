"""Take a failed run up again: what has to be open once more, so that it goes on where it failed.

The failed step and the blocks around it are reopened, with the turn that it failed in. Of a `try`
around it also the phase, and what later phases have done. All else stays as it is recorded.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.engine.definition import Branch, Definition, Step
from core.engine.errors import EngineError
from core.engine.restore import History

LATER_PHASES: Mapping[str, tuple[str, ...]] = {
    "": ("catch", "finally"),  # its own time was up
    "try": ("catch", "finally"),
    "catch": ("finally",),
}


class NotResumable(EngineError):
    """The run can't be taken up there; the message says why, in a sentence without a full stop."""


@dataclass(frozen=True, slots=True)
class Level:
    """A step on the way to the one that failed, among the steps it stands with."""

    step: Step
    path: str
    among: tuple[Step, ...]
    branch: str = ""  # the path inside it that leads on; empty for the last one
    index: int | None = None  # of the turn that leads on


@dataclass(slots=True)
class Reopening:
    """What is written into the journal when a failed run is taken up again."""

    reopened: list[list[str]] = field(default_factory=list)  # [path, branch that leads on]
    items: list[list[Any]] = field(default_factory=list)  # [loop's path, index]
    forgotten: list[str] = field(default_factory=list)
    later: list[str] = field(default_factory=list)  # steps that were added before the failed one
    is_skipped: bool = False
    inputs: Mapping[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        """As the journal keeps it."""
        return {
            "reopened": self.reopened,
            "items": self.items,
            "forgotten": self.forgotten,
            "later": self.later,
            "is_skipped": self.is_skipped,
            "inputs": None if self.inputs is None else dict(self.inputs),
        }


def way_to(definition: Definition, step_id: str, path: str) -> list[Level]:
    """The levels from the outermost step to the failed one; raises NotResumable."""
    found = _descend(definition.steps, step_id)
    if found is None:
        raise NotResumable(f"the step “{step_id}” is not there any more")
    levels: list[Level] = []
    prefix = ""
    for step, among, branch in found:
        here, index = prefix + step.id, None
        is_inner = bool(branch)
        if is_inner and path.startswith(f"{here}/"):
            turn = path[len(here) + 1 :].partition("/")[0]
            if turn.isdigit():
                index, prefix = int(turn), f"{here}/{turn}/"
        levels.append(Level(step, here, among, branch, index))
    if levels[-1].path != path:
        raise NotResumable(f"the step “{step_id}” stands in other loops now")
    return levels


def reopening(levels: list[Level]) -> Reopening:
    """What to open again along this way."""
    plan = Reopening()
    for level in levels:
        plan.reopened.append([level.path, level.branch])
        if level.index is not None:
            plan.items.append([level.path, level.index])
        if level.step.type == "try":
            plan.forgotten += _later(level.step, level.path, level.branch)
    return plan


def reopen_inside(plan: Reopening, level: Level, history: History) -> None:
    """Open what is to be walked again inside a block that has failed itself.

    That is the item of which nothing could be kept, and, where the block's time was up, the tries
    that had come to their finally.
    """
    if level.step.inputs.get("on_item_error", "stop") == "stop":
        items = history.items.get(level.path, {})
        plan.items += [[level.path, index] for index, end in items.items() if end[0] == "failed"]
    steps = {step.id: step for branch in level.step.branches for step in _all(branch)}
    for path, phase in history.phases.items():
        pending = phase.pending or {}
        step = steps.get(path.rpartition("/")[2])
        if step is not None and pending.get("path") == level.path:
            branch = "catch" if pending["error"] else "try"
            plan.reopened.append([path, branch])
            plan.forgotten += _later(step, path, branch)


def _later(step: Step, path: str, branch: str) -> list[str]:
    """The steps of a try's phases that come after that one."""
    prefix = path[: -len(step.id)]
    return [
        prefix + inner.id
        for later in step.branches
        if later.key in LATER_PHASES.get(branch, ())
        for inner in _all(later)
    ]


def added_later(definition: Definition, plan: Reopening, history: History) -> list[str]:
    """Steps without a record that stand before one with it: the run has passed their place.

    Each turn has its own; what has ended is not walked again.
    """
    ids: dict[str, set[str]] = {}
    for path in {*history.paths(), *(path for path, _ in plan.reopened)}:
        if not (_is_under(path, plan.forgotten) or _has_ended(path, plan, history)):
            prefix = path[: path.rfind("/") + 1]
            ids.setdefault(prefix, set()).add(path[len(prefix) :])
    found = []
    for steps in _lists(definition.steps):
        for prefix, known in ids.items():
            last = max((at for at, step in enumerate(steps) if step.id in known), default=0)
            found += [prefix + step.id for step in steps[:last] if step.id not in known]
    return found


def _is_under(path: str, others: Iterable[str]) -> bool:
    return any(path == other or path.startswith(f"{other}/") for other in others)


def _has_ended(path: str, plan: Reopening, history: History) -> bool:
    """Whether it lies in a turn that has ended and is not opened again."""
    parts = path.split("/")
    turns = [("/".join(parts[:at]), int(parts[at])) for at in range(1, len(parts) - 1, 2)]
    return any(
        index in history.items.get(loop, ()) and [loop, index] not in plan.items
        for loop, index in turns
    )


def _lists(steps: tuple[Step, ...]) -> Iterator[tuple[Step, ...]]:
    """Each list of steps that follow one another."""
    yield steps
    for step in steps:
        for branch in step.branches:
            yield from _lists(branch.steps)


def same_way(old: list[Level], new: list[Level]) -> None:
    """Raise NotResumable unless the step and the blocks around it kept id and type."""
    if [(level.step.id, level.branch) for level in old] != [
        (level.step.id, level.branch) for level in new
    ]:
        raise NotResumable(f"“{old[-1].step.id}” stands in other blocks there")
    for before, after in zip(old, new, strict=True):
        if before.step.type != after.step.type:
            raise NotResumable(f"“{before.step.id}” is another kind of step there")


def _descend(
    steps: tuple[Step, ...], step_id: str
) -> list[tuple[Step, tuple[Step, ...], str]] | None:
    for step in steps:
        if step.id == step_id:
            return [(step, steps, "")]
        for branch in step.branches:
            inner = _descend(branch.steps, step_id)
            if inner is not None:
                return [(step, steps, branch.key), *inner]
    return None


def _all(branch: Branch) -> Iterator[Step]:
    for step in branch.steps:
        yield step
        for inner in step.branches:
            yield from _all(inner)
