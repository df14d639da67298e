"""Where steps stand in a definition, and definitions with a step put there or taken away.

A place is text: `root:` (first), `root:clean` (behind that step), `big.yes:` (first in that path),
`big.yes:mail` (behind that step in that path).
"""

from collections.abc import Callable
from dataclasses import replace

from core.engine.definition import Branch, Definition, Step, walk
from core.engine.errors import DefinitionError

ROOT = "root"

Steps = tuple[Step, ...]


def place_of(definition: Definition, step_id: str) -> str:
    """The place that the step stands at."""
    for owner, steps in lists(definition.steps):
        for position, step in enumerate(steps):
            if step.id == step_id:
                return f"{owner}:{steps[position - 1].id if position else ''}"
    raise DefinitionError(f"there is no step called “{step_id}”")


def all_of(step: Step) -> list[Step]:
    """The step and all inside it, outer before inner."""
    return list(walk((step,)))


def lists(steps: Steps, owner: str = ROOT) -> list[tuple[str, Steps]]:
    """Every list of steps with the text that names it, outer before inner."""
    found = [(owner, steps)]
    for step in steps:
        for branch in step.branches:
            found += lists(branch.steps, f"{step.id}.{branch.key}")
    return found


def insert(definition: Definition, place: str, step: Step) -> Definition:
    """The definition with the step at that place; raises DefinitionError if there is none."""
    owner, colon, after = place.partition(":")
    if not colon:
        raise DefinitionError(f"“{place}” is not a place; write it as “root:<step id>”")
    return change_list(definition, owner, lambda steps: behind(steps, after, step))


def remove(definition: Definition, step_id: str) -> Definition:
    """The definition without the step and what is inside it."""
    owner = place_of(definition, step_id).partition(":")[0]
    return change_list(
        definition, owner, lambda steps: tuple(step for step in steps if step.id != step_id)
    )


def change_list(definition: Definition, owner: str, change: Callable[[Steps], Steps]) -> Definition:
    """The definition with one of its lists of steps changed."""
    if owner == ROOT:
        return replace(definition, steps=change(definition.steps))
    step_id, _, key = owner.partition(".")
    definition.find(step_id).branch(key)
    return change_step(
        definition, step_id, lambda step: change_branch(step, key, lambda b: with_steps(b, change))
    )


def change_step(definition: Definition, step_id: str, change: Callable[[Step], Step]) -> Definition:
    """The definition with one step changed, however deep it stands."""
    definition.find(step_id)
    return replace(definition, steps=change_in(definition.steps, step_id, change))


def change_branch(step: Step, key: str, change: Callable[[Branch], Branch]) -> Step:
    """The step with one of its paths changed."""
    step.branch(key)
    branches = tuple(change(branch) if branch.key == key else branch for branch in step.branches)
    return replace(step, branches=branches)


def with_steps(branch: Branch, change: Callable[[Steps], Steps]) -> Branch:
    return replace(branch, steps=change(branch.steps))


def change_in(steps: Steps, step_id: str, change: Callable[[Step], Step]) -> Steps:
    return tuple(
        change(step) if step.id == step_id else change_inside(step, step_id, change)
        for step in steps
    )


def change_inside(step: Step, step_id: str, change: Callable[[Step], Step]) -> Step:
    if not step.branches:
        return step
    branches = tuple(
        replace(branch, steps=change_in(branch.steps, step_id, change)) for branch in step.branches
    )
    return step if branches == step.branches else replace(step, branches=branches)


def behind(steps: Steps, after: str, step: Step) -> Steps:
    if not after:
        return (step, *steps)
    for position, other in enumerate(steps, start=1):
        if other.id == after:
            return (*steps[:position], step, *steps[position:])
    raise DefinitionError(f"the step “{after}” is no longer there")
