"""A workflow's definition as frozen values: a tree of steps, its triggers and its settings."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.engine.errors import DefinitionError

STEP_OPTIONS = (
    "label",
    "note",
    "disabled",
    "only_when",
    "retry",
    "timeout",
    "on_error",
    "after_crash",
)


@dataclass(frozen=True, slots=True)
class Branch:
    """One path inside a block."""

    key: str
    label: str = ""
    only_when: Any = None
    steps: "tuple[Step, ...]" = ()

    def to_json(self) -> dict[str, Any]:
        """As the workflow file writes it."""
        value: dict[str, Any] = {"key": self.key}
        if self.label:
            value["label"] = self.label
        if self.only_when is not None:
            value["only_when"] = self.only_when
        value["steps"] = [step.to_json() for step in self.steps]
        return value

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Branch":
        """From an already checked mapping."""
        steps = tuple(Step.from_json(step) for step in value.get("steps") or ())
        return cls(value["key"], value.get("label", ""), value.get("only_when"), steps)


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of a definition; a block if it has branches."""

    id: str
    type: str
    inputs: Mapping[str, Any] = field(default_factory=dict)
    label: str = ""
    note: str = ""
    disabled: bool = False
    only_when: Any = None
    retry: Mapping[str, Any] | None = None
    timeout: str | None = None
    on_error: str = "stop"
    after_crash: str | None = None
    branches: tuple[Branch, ...] = ()

    def branch(self, key: str) -> Branch:
        """The path of that key; raises DefinitionError."""
        for branch in self.branches:
            if branch.key == key:
                return branch
        raise DefinitionError(f"step “{self.id}” has no path called “{key}”")

    def to_json(self) -> dict[str, Any]:
        """As the workflow file writes it: only what differs from the defaults."""
        value: dict[str, Any] = {"id": self.id, "type": self.type}
        for name in STEP_OPTIONS:
            given = getattr(self, name)
            if given != _DEFAULTS[name]:
                value[name] = dict(given) if isinstance(given, Mapping) else given
        if self.inputs:
            value["inputs"] = dict(self.inputs)
        if self.branches:
            value["branches"] = [branch.to_json() for branch in self.branches]
        return value

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Step":
        """From an already checked mapping."""
        options = {name: value[name] for name in STEP_OPTIONS if name in value}
        branches = tuple(Branch.from_json(branch) for branch in value.get("branches") or ())
        inputs = value.get("inputs") or {}
        return cls(value["id"], value["type"], inputs, **options, branches=branches)


_DEFAULTS: Mapping[str, Any] = {
    "label": "",
    "note": "",
    "disabled": False,
    "only_when": None,
    "retry": None,
    "timeout": None,
    "on_error": "stop",
    "after_crash": None,
}


@dataclass(frozen=True, slots=True)
class Definition:
    """What a draft or a version holds; name, label, folder and colour belong to the workflow."""

    triggers: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()

    def walk(self) -> Iterator[Step]:
        """All steps, outer before inner, in reading order."""
        return walk(self.steps)

    def find(self, step_id: str) -> Step:
        """The step of that id, however deep; raises DefinitionError."""
        for step in self.walk():
            if step.id == step_id:
                return step
        raise DefinitionError(f"there is no step called “{step_id}”")

    def step_ids(self) -> frozenset[str]:
        """The ids of all steps."""
        return frozenset(step.id for step in self.walk())

    def to_json(self) -> dict[str, Any]:
        """Triggers, settings and steps as the workflow file writes them."""
        value: dict[str, Any] = {}
        if self.triggers:
            value["triggers"] = dict(self.triggers)
        if self.settings:
            value["settings"] = dict(self.settings)
        value["steps"] = [step.to_json() for step in self.steps]
        return value

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Definition":
        """From an already checked mapping."""
        steps = tuple(Step.from_json(step) for step in value.get("steps") or ())
        return cls(value.get("triggers") or {}, value.get("settings") or {}, steps)


def walk(steps: tuple[Step, ...]) -> Iterator[Step]:
    """These steps and all inside them, outer before inner, in reading order."""
    for step in steps:
        yield step
        for branch in step.branches:
            yield from walk(branch.steps)


def live(steps: tuple[Step, ...]) -> Iterator[Step]:
    """The same without those that are switched off, and what is inside them."""
    for step in steps:
        if step.disabled:
            continue
        yield step
        for branch in step.branches:
            yield from live(branch.steps)
