"""Edits of a definition: definition and operation in, definition and inverse operation out.

An operation is a JSON object with its name under `op`; `apply` knows these:
    insert_step {at, step} · remove_step {id} · move_step {id, at} · change_step {id, changes}
    rename_step {id, to} · duplicate_step {id, new_ids?}
    add_branch {id, branch, after?} · remove_branch {id, key} · move_branch {id, key, after}
    change_branch {id, key, changes} · change_triggers {changes} · change_settings {changes}
    replace {definition}
`at` is a place (`tree.py`), `changes` are values by dotted path, null takes away (`changes.py`).
`after` is the key of a path; without it a path comes last, with "" first.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from core.engine import changes, reading, renaming, tree
from core.engine.definition import Branch, Definition, Step, walk
from core.engine.errors import DefinitionError
from core.engine.step_type import BlockType, StepType

LONGEST_ID = 40

Operation = Mapping[str, Any]
Edited = tuple[Definition, dict[str, Any]]


def apply(definition: Definition, operation: Operation) -> Edited:
    """The definition after the operation, and the operation that takes it back."""
    try:
        edit = EDITS[operation["op"]]
        return edit(definition, operation)
    except KeyError as missing:
        raise DefinitionError(f"this is not a change that openBuild knows: {missing}") from missing


def new_step(step_type: StepType, taken_ids: Iterable[str]) -> Step:
    """A step of that type as it is added: a free id, default inputs, its first paths."""
    branches = step_type.fixed_branches if isinstance(step_type, BlockType) else ()
    step_id = free_id(step_type.key, taken_ids)
    return Step(step_id, step_type.key, dict(step_type.defaults), branches=branches)


def free_id(wished: str, taken: Iterable[str]) -> str:
    """The wished id, with a number behind it if somebody has it already."""
    taken = frozenset(taken)
    wished = wished[:LONGEST_ID]
    number, found = 1, wished
    while found in taken:
        number += 1
        suffix = f"_{number}"
        found = wished[: LONGEST_ID - len(suffix)] + suffix
    return found


def copy_of(step: Step, taken: Iterable[str], new_ids: Mapping[str, str] | None = None) -> Step:
    """The step under free ids, all inside it too; what it reads of itself, it reads of the copy."""
    taken = set(taken)
    ids: dict[str, str] = {}
    for inner in tree.all_of(step):
        wished = (new_ids or {}).get(inner.id, inner.id)
        ids[inner.id] = free_id(wished.rstrip("0123456789").rstrip("_") or wished, taken)
        taken.add(ids[inner.id])
    return renaming.rename(step, ids)


def insert_step(definition: Definition, operation: Operation) -> Edited:
    step = reading.read_step(operation["step"])
    inner_ids = [inner.id for inner in tree.all_of(step)]
    taken = definition.step_ids().intersection(inner_ids)
    if taken or len(set(inner_ids)) < len(inner_ids):
        raise DefinitionError(f"there is a step called “{min(taken or inner_ids)}” already")
    return tree.insert(definition, operation["at"], step), {"op": "remove_step", "id": step.id}


def remove_step(definition: Definition, operation: Operation) -> Edited:
    step = definition.find(operation["id"])
    at = tree.place_of(definition, step.id)
    undo = {"op": "insert_step", "at": at, "step": step.to_json()}
    return tree.remove(definition, step.id), undo


def move_step(definition: Definition, operation: Operation) -> Edited:
    step, at = definition.find(operation["id"]), operation["at"]
    before = tree.place_of(definition, step.id)
    undo = {"op": "move_step", "id": step.id, "at": before}
    owner, _, after = at.partition(":")
    if after == step.id:
        if owner != before.partition(":")[0]:
            raise DefinitionError(f"the step “{step.id}” is not there")
        return definition, undo
    if owner.partition(".")[0] in {inner.id for inner in tree.all_of(step)}:
        raise DefinitionError(f"the step “{step.id}” can't be moved into itself")
    return tree.insert(tree.remove(definition, step.id), at, step), undo


def change_step(definition: Definition, operation: Operation) -> Edited:
    step = definition.find(operation["id"])
    before = {key: value for key, value in step.to_json().items() if key != "branches"}
    changed, back = changes.apply({"inputs": {}} | before, operation["changes"])
    if (changed.get("id"), changed.get("type")) != (step.id, step.type):
        raise DefinitionError("a step's id and type can't be changed like this")
    if "branches" in changed:
        raise DefinitionError("a step's paths are changed one by one")
    new = replace(reading.read_step(changed), branches=step.branches)
    undo = {"op": "change_step", "id": step.id, "changes": back}
    return tree.change_step(definition, step.id, lambda _: new), undo


def rename_step(definition: Definition, operation: Operation) -> Edited:
    old, new = definition.find(operation["id"]).id, operation["to"]
    reading.check_step_id(new)
    if new in definition.step_ids():
        raise DefinitionError(f"there is a step called “{new}” already")
    if renaming.reads(definition.to_json(), new):
        raise DefinitionError(f"something still reads a step called “{new}”; choose another name")
    ids = {old: new}
    steps = tuple(renaming.rename(step, ids) for step in definition.steps)
    renamed = Definition(
        renaming.rename_in(definition.triggers, ids),
        renaming.rename_in(definition.settings, ids),
        steps,
    )
    return renamed, {"op": "rename_step", "id": new, "to": old}


def duplicate_step(definition: Definition, operation: Operation) -> Edited:
    step = definition.find(operation["id"])
    copy = copy_of(step, definition.step_ids(), operation.get("new_ids"))
    owner = tree.place_of(definition, step.id).partition(":")[0]
    undo = {"op": "remove_step", "id": copy.id}
    return tree.insert(definition, f"{owner}:{step.id}", copy), undo


def add_branch(definition: Definition, operation: Operation) -> Edited:
    step = definition.find(operation["id"])
    branch = reading.read_branch(operation["branch"])
    if branch.key in {other.key for other in step.branches}:
        raise DefinitionError(f"there is a path called “{branch.key}” already")
    inner_ids = [inner.id for inner in walk(branch.steps)]
    if definition.step_ids().intersection(inner_ids) or len(set(inner_ids)) < len(inner_ids):
        raise DefinitionError("a step inside the new path has an id that is taken already")
    branches = placed(step.branches, branch, operation.get("after"))
    undo = {"op": "remove_branch", "id": step.id, "key": branch.key}
    return with_branches(definition, step.id, branches), undo


def remove_branch(definition: Definition, operation: Operation) -> Edited:
    step = definition.find(operation["id"])
    branch = step.branch(operation["key"])
    undo = {
        "op": "add_branch",
        "id": step.id,
        "branch": branch.to_json(),
        "after": key_before(step, branch.key),
    }
    return with_branches(definition, step.id, without(step.branches, branch.key)), undo


def move_branch(definition: Definition, operation: Operation) -> Edited:
    step = definition.find(operation["id"])
    branch = step.branch(operation["key"])
    before = key_before(step, branch.key)
    undo = {"op": "move_branch", "id": step.id, "key": branch.key, "after": before}
    after = before if operation["after"] == branch.key else operation["after"]
    branches = placed(without(step.branches, branch.key), branch, after)
    return with_branches(definition, step.id, branches), undo


def change_branch(definition: Definition, operation: Operation) -> Edited:
    step = definition.find(operation["id"])
    branch = step.branch(operation["key"])
    before = {key: value for key, value in branch.to_json().items() if key != "steps"}
    changed, back = changes.apply(before, operation["changes"])
    if "steps" in changed:
        raise DefinitionError("a path's steps are changed one by one")
    new = replace(reading.read_branch(changed), steps=branch.steps)
    if new.key != branch.key and new.key in {other.key for other in step.branches}:
        raise DefinitionError(f"there is a path called “{new.key}” already")
    undo = {"op": "change_branch", "id": step.id, "key": new.key, "changes": back}
    branches = tuple(new if other is branch else other for other in step.branches)
    return with_branches(definition, step.id, branches), undo


def change_triggers(definition: Definition, operation: Operation) -> Edited:
    changed, back = changes.apply(definition.triggers, operation["changes"])
    reading.check_triggers(changed)
    return replace(definition, triggers=changed), {"op": "change_triggers", "changes": back}


def change_settings(definition: Definition, operation: Operation) -> Edited:
    changed, back = changes.apply(definition.settings, operation["changes"])
    reading.check_settings(changed)
    return replace(definition, settings=changed), {"op": "change_settings", "changes": back}


def replace_all(definition: Definition, operation: Operation) -> Edited:
    new = reading.read_definition(operation["definition"])
    return new, {"op": "replace", "definition": definition.to_json()}


def with_branches(definition: Definition, step_id: str, branches: tuple[Branch, ...]) -> Definition:
    return tree.change_step(definition, step_id, lambda step: replace(step, branches=branches))


def without(branches: tuple[Branch, ...], key: str) -> tuple[Branch, ...]:
    return tuple(branch for branch in branches if branch.key != key)


def key_before(step: Step, key: str) -> str:
    keys = [branch.key for branch in step.branches]
    return (["", *keys])[keys.index(key)]


def placed(branches: tuple[Branch, ...], branch: Branch, after: str | None) -> tuple[Branch, ...]:
    if after is None:
        return (*branches, branch)
    if after == "":
        return (branch, *branches)
    for position, other in enumerate(branches, start=1):
        if other.key == after:
            return (*branches[:position], branch, *branches[position:])
    raise DefinitionError(f"the path “{after}” is no longer there")


EDITS: Mapping[str, Callable[[Definition, Operation], Edited]] = {
    "insert_step": insert_step,
    "remove_step": remove_step,
    "move_step": move_step,
    "change_step": change_step,
    "rename_step": rename_step,
    "duplicate_step": duplicate_step,
    "add_branch": add_branch,
    "remove_branch": remove_branch,
    "move_branch": move_branch,
    "change_branch": change_branch,
    "change_triggers": change_triggers,
    "change_settings": change_settings,
    "replace": replace_all,
}
