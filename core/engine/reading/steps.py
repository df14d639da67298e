"""What steps look like in a file."""

from collections.abc import Iterator, Mapping
from typing import Any

from core.engine.reading.conditions import Condition
from core.engine.reading.shapes import (
    Choice,
    Duration,
    Group,
    ListOf,
    Number,
    Path,
    Report,
    Shape,
    Text,
    YesNo,
    did_you_mean,
    kind,
)
from core.engine.step_type import BlockType, StepType

StepTypes = Mapping[str, StepType]

MOST_STEPS = 1000
MOST_BRANCHES = 100
DEEPEST = 30  # blocks inside blocks
ID = Text(
    r"[a-z][a-z0-9_]{0,39}",
    "may have small letters, digits and _, at most 40, and begins with a letter",
)
BRANCH_KEY = Text(
    r"[a-z0-9][a-z0-9_-]{0,39}", "may have small letters, digits, _ and -, at most 40"
)

RETRY = Group(
    {
        "attempts": Number(1, 100, is_whole=True),
        "wait": Duration(),
        "backoff": Number(1, 10),
        "max_wait": Duration(),
    }
)
OPTIONS: Mapping[str, Shape] = {
    "label": Text(longest=200),
    "note": Text(),
    "disabled": YesNo(),
    "only_when": Condition(),
    "retry": RETRY,
    "timeout": Duration(),
    "on_error": Choice(("stop", "continue")),
    "after_crash": Choice(("run_again", "ask", "skip")),
}
BRANCH_OPTIONS: Mapping[str, Shape] = {
    "key": BRANCH_KEY,
    "label": Text(longest=200),
    "only_when": Condition(),
}


class Inputs:
    """What a step is given: any values under the names of its fields."""

    def check(self, value: Any, path: Path, report: Report) -> None:
        """An object; its keys are checked where the step's type is known."""
        if not isinstance(value, Mapping):
            report.add(path, f"must be a group of names and values, not {kind(value)}")

    def schema(self) -> dict[str, Any]:
        """As JSON Schema."""
        return {"type": "object"}


class Steps:
    """A list of steps, with those inside them."""

    def __init__(self, step_types: StepTypes | None = None) -> None:
        branch = Group({**BRANCH_OPTIONS, "steps": self}, ("key", "steps"))
        self.steps = ListOf(OneStep(step_types, branch), MOST_STEPS)

    def check(self, value: Any, path: Path, report: Report) -> None:
        """A list of steps that are right, not too deep."""
        if path.count("branches") > DEEPEST:
            report.add(path, f"steps stand at most {DEEPEST} blocks deep")
        else:
            self.steps.check(value, path, report)

    def schema(self) -> dict[str, Any]:
        """As JSON Schema, which refers to itself."""
        return {"type": "array", "items": {"$ref": "#/$defs/step"}, "maxItems": MOST_STEPS}


class OneStep:
    """One step: the keys that all have, then what its type allows."""

    def __init__(self, step_types: StepTypes | None, branch: Shape) -> None:
        self.step_types = step_types
        own: dict[str, Shape] = {"inputs": Inputs(), "branches": ListOf(branch, MOST_BRANCHES)}
        self.group = Group({"id": ID, "type": Text(), **OPTIONS, **own}, ("id", "type"))

    def check(self, value: Any, path: Path, report: Report) -> None:
        """The keys that all steps have, then what the type says."""
        self.group.check(value, path, report)
        if self.step_types is None or not isinstance(value, Mapping):
            return
        name = value.get("type")
        step_type = self.step_types.get(name) if isinstance(name, str) else None
        if step_type is not None:
            check_inputs(value, step_type, path, report)
            check_paths(value, step_type, path, report)
        elif isinstance(name, str):
            near = did_you_mean(name, self.step_types)
            report.add((*path, "type"), f"unknown step type {name}{near}")

    def schema(self) -> dict[str, Any]:
        """As JSON Schema."""
        return self.group.schema()


def check_inputs(step: Mapping[str, Any], step_type: StepType, path: Path, report: Report) -> None:
    """No input that the type doesn't have, no option that is not for blocks."""
    known = {field.key for field in step_type.fields}
    inputs = step.get("inputs")
    for key in inputs if isinstance(inputs, Mapping) else ():
        if key not in known:
            near = did_you_mean(str(key), known)
            report.add((*path, "inputs", str(key)), f"{step_type.key} has no input “{key}”{near}")
    for option in ("retry", "after_crash"):
        if step_type.is_block and option in step:
            report.add((*path, option), f"“{option}” goes on steps, not on blocks")


def check_paths(step: Mapping[str, Any], step_type: StepType, path: Path, report: Report) -> None:
    """The paths that the type wants, each once."""
    branches = step.get("branches", [])
    path = (*path, "branches")
    if not isinstance(branches, list):
        return
    if not isinstance(step_type, BlockType):
        if branches:
            report.add(path, f"{step_type.key} is no block, it has no paths")
        return
    keys = [branch.get("key") for branch in branches if isinstance(branch, Mapping)]
    check_keys(keys, step_type, path, report)
    for position, branch in enumerate(branches):
        has_condition = isinstance(branch, Mapping) and "only_when" in branch
        if has_condition and not step_type.branches_have_conditions:
            here = (*path, position, "only_when")
            report.add(here, f"the paths of {step_type.key} have no conditions")


def check_keys(keys: list[Any], step_type: BlockType, path: Path, report: Report) -> None:
    fixed = [branch.key for branch in step_type.fixed_branches]
    allowed = {*fixed, *step_type.optional_branches}
    for position, key in enumerate(keys):
        if key in keys[:position]:
            report.add((*path, position, "key"), f"there are two paths called “{key}”")
        elif not step_type.free_branches and key not in allowed and isinstance(key, str):
            near = did_you_mean(key, allowed)
            report.add((*path, position, "key"), f"{step_type.key} has no path “{key}”{near}")
    if step_type.free_branches:
        if not keys:
            report.add(path, f"{step_type.key} needs at least one path")
        return
    for key in fixed:
        if key not in keys and key not in step_type.optional_branches:
            report.add(path, f"the path “{key}” is missing")


def check_ids(steps: Any, path: Path, report: Report) -> None:
    """Every id only once in the workflow, however deep."""
    seen: set[str] = set()
    for step, here in raw_steps(steps, path):
        step_id = step.get("id")
        if not isinstance(step_id, str):
            continue
        if step_id in seen:
            report.add((*here, "id"), f"there are two steps called “{step_id}”")
        seen.add(step_id)


def raw_steps(steps: Any, path: Path) -> Iterator[tuple[Mapping[str, Any], Path]]:
    """Every step of unchecked JSON with its path."""
    for position, step in enumerate(steps if isinstance(steps, list) else ()):
        if not isinstance(step, Mapping) or path.count("branches") > DEEPEST:
            continue
        here = (*path, position)
        yield step, here
        branches = step.get("branches")
        for place, branch in enumerate(branches if isinstance(branches, list) else ()):
            if isinstance(branch, Mapping):
                yield from raw_steps(branch.get("steps"), (*here, "branches", place, "steps"))
