"""What the canvas shows: the tree of steps as cards, places and paths, as plain values."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from blueprints.editor import wording
from core.engine.definition import Branch, Definition, Step
from core.engine.step_type import BlockType, StepType
from core.steps import step_types

ROOT = "root"
PATH_ICONS = {"try": "shield", "catch": "life-buoy", "finally": "flag"}


@dataclass(frozen=True, slots=True)
class CardRun:
    """How a step went in the run that is shown."""

    state: str
    icon: str
    heard: str
    time: str
    about: str = ""
    items: int = 0
    item: int = 0
    is_handled: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    """One step as the canvas shows it."""

    id: str
    type: str
    kind: str
    icon: str
    name: str
    type_label: str
    about: str = ""
    only: str = ""
    problem: str = ""
    is_warning: bool = False
    is_off: bool = False
    run: CardRun | None = None


@dataclass(frozen=True, slots=True)
class Path:
    """One way through a block."""

    key: str
    label: str
    icon: str
    is_error: bool
    owner: str
    nodes: tuple["Node", ...]
    state: str = ""
    fold: str = ""

    @property
    def dom_id(self) -> str:
        """The owner's name as a part of element ids."""
        return self.owner.replace(".", "-")


@dataclass(frozen=True, slots=True)
class Node:
    """A card with its paths and the place after it."""

    card: Card
    owner: str
    paths: tuple[Path, ...]
    is_loop: bool
    place_name: str
    is_place_quiet: bool

    @property
    def id(self) -> str:
        """The step's id."""
        return self.card.id

    @property
    def is_open(self) -> bool:
        """Whether the run shown is still inside, or failed there: it did not come out."""
        run = self.card.run
        if run is None:
            return False
        is_stuck = run.state == "failed" and not run.is_handled and bool(self.paths)
        return run.state in ("running", "waiting") or is_stuck

    @property
    def place(self) -> str:
        """The place after this step, as operations name it."""
        return f"{self.owner}:{self.card.id}"


@dataclass(frozen=True, slots=True)
class Overlay:
    """What a run adds: how each step went, and which paths of a block were taken."""

    cards: Mapping[str, CardRun]
    taken: Mapping[str, Sequence[str]]

    def state_of_path(self, step_id: str, branch: Branch) -> str:
        """taken, left (entered but not finished), untaken or ahead."""
        block = self.cards.get(step_id)
        if block is None or block.state in ("not_reached", "skipped"):
            return "ahead" if block is None or block.state == "not_reached" else "untaken"
        if self._was_entered(branch) or branch.key in self.taken.get(step_id, ()):
            return "left" if self._was_left(branch) else "taken"
        return "ahead" if block.state in ("running", "waiting") else "untaken"

    def _was_entered(self, branch: Branch) -> bool:
        return any(self.state(step.id) != "not_reached" for step in branch.steps)

    def _was_left(self, branch: Branch) -> bool:
        return bool(branch.steps) and self.state(branch.steps[-1].id) not in ("done", "skipped")

    def state(self, step_id: str) -> str:
        """The state of a step; not_reached if the run knows nothing of it."""
        run = self.cards.get(step_id)
        return run.state if run else "not_reached"


class Builder:
    """Builds nodes for one definition: its problems and, if there is one, its run."""

    def __init__(self, problems: Iterable[Any] = (), overlay: Overlay | None = None) -> None:
        self.types: Mapping[str, StepType] = step_types()
        self.overlay = overlay
        self.names: dict[str, str] = {}
        self.problems: dict[str, Any] = {}
        for problem in problems:
            if problem.step_id is None:
                continue
            known = self.problems.get(problem.step_id)
            if known is None or (known.severity != "error" and problem.severity == "error"):
                self.problems[problem.step_id] = problem

    def nodes(self, definition: Definition) -> tuple[Node, ...]:
        """The nodes of a whole definition."""
        self.names = names_of(definition)
        return self.list(definition.steps, ROOT, None)

    def list(self, steps: Sequence[Step], owner: str, path: str | None) -> tuple[Node, ...]:
        """The nodes of one list of steps; `path` names the path it stands in."""
        last = len(steps) - 1
        return tuple(
            self.node(step, owner, path if position == last else None)
            for position, step in enumerate(steps)
        )

    def node(self, step: Step, owner: str, end_of: str | None) -> Node:
        step_type = self.types.get(step.type)
        card = self.card(step)
        is_loop = isinstance(step_type, BlockType) and step_type.is_loop
        paths = tuple(self.path(step, branch, is_loop) for branch in step.branches)
        name, is_quiet = place_words(card.name, bool(paths) and not is_loop, end_of)
        is_quiet = is_quiet and not is_loop
        return Node(card, owner, paths, is_loop, name, is_quiet)

    def path(self, step: Step, branch: Branch, is_loop: bool) -> Path:
        owner = f"{step.id}.{branch.key}"
        label = path_label(step, branch)
        nodes = self.list(branch.steps, owner, "the item" if is_loop else label)
        icon = PATH_ICONS.get(branch.key, "") if step.type == "try" else ""
        is_error = step.type == "try" and branch.key == "catch"
        state, fold = "", ""
        if self.overlay:
            state = self.overlay.state_of_path(step.id, branch)
            if state == "untaken" and branch.steps:
                count = wording.count(sum(1 for _ in walk(nodes)), "step")
                fold = f"not taken ({count})"
        return Path(branch.key, label, icon, is_error, owner, nodes, state, fold)

    def card(self, step: Step) -> Card:
        """A step's card."""
        step_type = self.types.get(step.type)
        kind, icon, label = ("code", "circle-help", step.type)
        about = ""
        if step_type:
            kind, icon, label = step_type.category, step_type.icon, step_type.label
            about = self.about(step, step_type)
        problem = None if self.overlay else self.problems.get(step.id)
        return Card(
            step.id,
            step.type,
            kind,
            icon,
            step.label or label,
            label,
            about,
            wording.only_if(step.only_when, self.names) if step.only_when is not None else "",
            problem.message if problem else "",
            bool(problem) and problem.severity != "error",
            step.disabled,
            self.overlay.cards.get(step.id) if self.overlay else None,
        )

    def about(self, step: Step, step_type: StepType) -> str:
        """The line under a card's name."""
        if getattr(step_type, "branches_have_conditions", False):
            conditions = [b.only_when for b in step.branches if b.only_when is not None]
            return wording.sentence_words(conditions[0], self.names) if conditions else ""
        return wording.with_names(step_type.summary(wording.unpiped(step)), self.names)


def names_of(definition: Definition) -> dict[str, str]:
    """What each step is called, by id."""
    types = step_types()
    return {
        step.id: step.label or (types[step.type].label if step.type in types else step.type)
        for step in definition.walk()
    }


def path_label(step: Step, branch: Branch) -> str:
    """What a path is called: its own label, its type's, or its key."""
    if branch.label:
        return branch.label
    step_type = step_types().get(step.type)
    for fixed in getattr(step_type, "fixed_branches", ()):
        if fixed.key == branch.key and fixed.label:
            return str(fixed.label)
    return branch.key.replace("_", " ").capitalize()


def place_words(name: str, is_block: bool, end_of: str | None) -> tuple[str, bool]:
    """What the place after a card is called, and whether that is only said on hover."""
    end = f"at the end of {end_of}" if end_of else ""
    after = f"after {name}"
    if is_block:
        return (f"{after} · {end}" if end else after), False
    return (end or after), not end


def walk(nodes: Iterable[Node]) -> Iterator[Node]:
    """These nodes and all inside them, in reading order."""
    for node in nodes:
        yield node
        for path in node.paths:
            yield from walk(path.nodes)
