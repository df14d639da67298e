"""What changes between two definitions, in lines for people."""

from collections.abc import Iterator, Mapping
from typing import Any

from core.engine import conditions, tree
from core.engine.definition import Branch, Definition, Step
from core.engine.reading.shapes import kind as kind_of

LONGEST = 40  # characters of a value in a line


def differences(before: Definition, after: Definition) -> tuple[str, ...]:
    """A line for everything that is new, gone, moved or changed; none for equal definitions."""
    return (
        *mapping_lines("triggers", before.triggers, after.triggers),
        *mapping_lines("settings", before.settings, after.settings),
        *step_lines(before, after),
    )


def mapping_lines(path: str, before: Any, after: Any) -> Iterator[str]:
    """Lines for the values inside two mappings, by dotted path."""
    if before == after:
        return
    before, after = by_key(before, after)
    if is_condition(before) or is_condition(after):
        yield f"~ {path}: {conditions.sentence(before)} → {conditions.sentence(after)}"
        return
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        yield f"~ {path}: {say(before)} → {say(after)}"
        return
    for key in [*before, *(key for key in after if key not in before)]:
        inner = f"{path}.{key}"
        if key not in before:
            yield f"+ {inner}: {say(after[key])}"
        elif key not in after:
            yield f"- {inner}"
        else:
            yield from mapping_lines(inner, before[key], after[key])


def by_key(*values: Any) -> tuple[Any, ...]:
    """Lists whose entries have keys, such as parameters, as groups by these keys."""
    lists = [value for value in values if isinstance(value, list)]
    entries = [entry for listed in lists for entry in listed]
    is_keyed = entries and all(isinstance(e, Mapping) and "key" in e for e in entries)
    if len(lists) < len(values) or not is_keyed:
        return values
    return tuple({str(entry["key"]): entry for entry in listed} for listed in lists)


def is_condition(value: Any) -> bool:
    return isinstance(value, Mapping) and bool({"all", "any"} & value.keys())


def step_lines(before: Definition, after: Definition) -> Iterator[str]:
    old = {step.id: step for step in before.walk()}
    new = {step.id: step for step in after.walk()}
    for step_id in old:
        if step_id not in new:
            yield f"- step {step_id}"
    moved = moved_steps(before, after)
    for step_id, step in new.items():
        if step_id not in old:
            yield f"+ step {step_id} ({step.type}) {where(after, step_id)}"
            continue
        if step_id in moved:
            yield f"> step {step_id} moved {where(after, step_id)}"
        yield from mapping_lines(f"step {step_id}", plain(old[step_id]), plain(step))
        yield from branch_lines(old[step_id], step)


def moved_steps(before: Definition, after: Definition) -> set[str]:
    """Steps that stand in another list, or in another order than those that stayed."""
    old, new = order_in_lists(before), order_in_lists(after)
    moved = set()
    for owner, steps in new.items():
        stayed = [step_id for step_id in steps if step_id in old.get(owner, ())]
        places = {step_id: place for place, step_id in enumerate(old.get(owner, ()))}
        moved |= {*steps} - in_order(stayed, places)
    return moved & before.step_ids()


def order_in_lists(definition: Definition) -> dict[str, list[str]]:
    lists = tree.lists(definition.steps)
    return {owner: [step.id for step in steps] for owner, steps in lists}


def in_order(step_ids: list[str], places: Mapping[str, int]) -> set[str]:
    """As many of the ids as can be in rising order of their places."""
    rows: list[list[str]] = []
    longest: list[str] = []
    for step_id in step_ids:
        fitting = [row for row in rows if places[row[-1]] < places[step_id]]
        best: list[str] = max(fitting, key=lambda row: len(row), default=[])
        rows.append([*best, step_id])
        longest = max(longest, rows[-1], key=lambda row: len(row))
    return set(longest)


def branch_lines(before: Step, after: Step) -> Iterator[str]:
    old = {branch.key: branch for branch in before.branches}
    new = {branch.key: branch for branch in after.branches}
    for key in old:
        if key not in new:
            yield f"- path {key} of step {after.id}"
    for key, branch in new.items():
        if key not in old:
            yield f"+ path {key} of step {after.id}"
        else:
            name = f"path {key} of step {after.id}"
            yield from mapping_lines(name, plain_branch(old[key]), plain_branch(branch))
    kept = [key for key in old if key in new]
    if kept != [key for key in new if key in old]:
        yield f"> paths of step {after.id} in another order"


def plain(step: Step) -> dict[str, Any]:
    return {key: value for key, value in step.to_json().items() if key not in ("id", "branches")}


def plain_branch(branch: Branch) -> dict[str, Any]:
    return {key: value for key, value in branch.to_json().items() if key not in ("key", "steps")}


def where(definition: Definition, step_id: str) -> str:
    owner, _, behind = tree.place_of(definition, step_id).partition(":")
    if behind:
        return f"after {behind}"
    return "at the start" if owner == tree.ROOT else f"at the start of {owner}"


def say(value: Any) -> str:
    if isinstance(value, Mapping | list):
        return kind_of(value)
    text = "nothing" if value is None else str(value)
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
