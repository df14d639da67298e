"""What differs between two definitions, step by step, with what each part was and is."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from blueprints.editor import canvas, wording
from core.engine.definition import Branch, Definition, Step
from core.engine.parameters import declared
from core.engine.wording import EXPRESSION
from core.steps import step_types

LONGEST = 400  # characters of a value
OWN_WORDS = {
    "label": "name",
    "note": "notes",
    "disabled": "switched off",
    "only_when": "when it runs",
    "retry": "tries",
    "timeout": "when to give up",
    "on_error": "what happens if it fails",
    "after_crash": "what happens after a crash",
}
ENDPOINT_WORDS = {
    "parameters": "what the caller sends",
    "exposed": "can be called",
    "auth": "who may call",
    "reply": "answer",
    "only_when": "runs only when",
}
SIGNS = {"added": "plus", "changed": "pencil", "removed": "minus", "moved": "arrow-down"}
REFUSING = "may refuse callers"


@dataclass(frozen=True, slots=True)
class Row:
    """One part of a step, before and after; empty where it isn't set."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One step, or one part of the starts, that is not as before."""

    how: str  # added | changed | removed | moved
    sign: str
    kind: str
    icon: str
    name: str
    words: str = ""
    rows: tuple[Row, ...] = ()
    risk: str = ""


def differences(before: Definition, after: Definition) -> list[Difference]:
    """What is added, changed, moved or removed."""
    names = canvas.names_of(before) | canvas.names_of(after)
    old = {step.id: (step, place) for step, place in placed(before)}
    new = {step.id: (step, place) for step, place in placed(after)}
    found = list(starts_differences(before, after, names))
    for step_id, (step, place) in new.items():
        if step_id not in old:
            found.append(of_step("added", step, f"in {path_words(after, place)}"))
            continue
        was, place_before = old[step_id]
        rows = tuple(step_rows(was, step, names))
        moved = f"to {path_words(after, place)}" if place != place_before else ""
        if rows:
            words = ", ".join(dict.fromkeys(row.label.partition(" › ")[0] for row in rows))
            found.append(
                of_step("changed", step, f"{words}; moved {moved}" if moved else words, rows)
            )
        elif moved:
            found.append(of_step("moved", step, moved))
    found += [of_step("removed", step) for key, (step, _) in old.items() if key not in new]
    return found


def starts_differences(
    before: Definition, after: Definition, names: Mapping[str, str]
) -> Iterator[Difference]:
    """What differs of the starts and the settings."""
    old, new = before.triggers.get("endpoint") or {}, after.triggers.get("endpoint") or {}
    if rows := tuple(mapping_rows(old, new, ENDPOINT_WORDS, names)):
        words = ", ".join(dict.fromkeys(row.label.partition(" › ")[0] for row in rows))
        yield Difference(
            "changed", "pencil", "start", "webhook", "When called", words, rows, risk(old, new)
        )
    others = (
        ("schedules", "calendar-clock", "On a schedule"),
        ("things", "database-zap", "When data changes"),
    )
    for key, icon, name in others:
        was, now = (keyed(d.triggers.get(key)) for d in (before, after))
        if rows := tuple(mapping_rows(was, now, {}, names)):
            yield Difference("changed", "pencil", "start", icon, name, "", rows)
    if rows := tuple(mapping_rows(before.settings, after.settings, {}, names)):
        yield Difference("changed", "pencil", "start", "settings", "Settings", "", rows)


def is_keyed(listed: Any) -> bool:
    """Whether it is a list of objects that each have a key of their own."""
    is_list = isinstance(listed, list) and bool(listed)
    return is_list and all(isinstance(each, Mapping) and "key" in each for each in listed)


def keyed(listed: Any) -> dict[str, Any]:
    """A list of keyed objects as one object; without their keys, which name them."""
    if not is_keyed(listed):
        return {}
    return {
        str(each["key"]): {name: value for name, value in each.items() if name != "key"}
        for each in listed
    }


def risk(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """Whether callers who got in until now may not any more."""
    if not before.get("exposed"):
        return ""
    if any(before.get(key) != after.get(key) for key in ("exposed", "method", "auth")):
        return REFUSING
    old = {parameter.key: parameter for parameter in declared(before.get("parameters"))}
    for parameter in declared(after.get("parameters")):
        was = old.get(parameter.key)
        is_new_duty = parameter.is_required and (was is None or not was.is_required)
        if is_new_duty or (was and (was.type, was.is_list) != (parameter.type, parameter.is_list)):
            return REFUSING
    return ""


def step_rows(before: Step, after: Step, names: Mapping[str, str]) -> Iterator[Row]:
    """What changed of one step, without the steps inside it."""
    types = step_types()
    if before.type != after.type:
        labels = [types[s.type].label if s.type in types else s.type for s in (before, after)]
        yield Row("kind of step", *labels)
        return
    step_type = types.get(after.type)
    labels_of = {field.key: field.label for field in step_type.fields} if step_type else {}
    yield from mapping_rows(before.inputs, after.inputs, labels_of, names)
    for key, word in OWN_WORDS.items():
        yield from rows_of(word, getattr(before, key) or None, getattr(after, key) or None, names)
    yield from path_rows(before, after, names)


def path_rows(before: Step, after: Step, names: Mapping[str, str]) -> Iterator[Row]:
    """What changed of a step's paths: their names, conditions and order."""
    old = {branch.key: branch for branch in before.branches}
    new = {branch.key: branch for branch in after.branches}
    for key in [*old, *(key for key in new if key not in old)]:
        was, now = (path_of(branches.get(key), names) for branches in (old, new))
        if was != now:
            label = canvas.path_label(after if key in new else before, new.get(key) or old[key])
            yield Row(f"path {label}", was, now)
    if list(old) != list(new) and set(old) == set(new):
        yield Row("order of paths", ", ".join(old), ", ".join(new))


def path_of(branch: Branch | None, names: Mapping[str, str]) -> str:
    if branch is None:
        return ""
    named = f"“{branch.label}” " if branch.label else ""
    if branch.only_when is None:
        return f"{named}otherwise".strip()
    return f"{named}when {condition_words(branch.only_when, names)}"


def mapping_rows(
    before: Any, after: Any, labels: Mapping[str, str], names: Mapping[str, str]
) -> Iterator[Row]:
    """A row for each value in two groups that differs, however deep."""
    for key in [*before, *(key for key in after if key not in before)]:
        label = labels.get(key, str(key).replace("_", " "))
        yield from rows_of(label, before.get(key), after.get(key), names)


def rows_of(label: str, before: Any, after: Any, names: Mapping[str, str]) -> Iterator[Row]:
    if before == after:
        return
    both = [before, after]
    if any(map(is_keyed, both)):
        before, after = both = [keyed(each) for each in both]
    if all(isinstance(each, Mapping) and not is_condition(each) for each in both):
        for row in mapping_rows(before, after, {}, names):
            yield Row(f"{label} › {row.label}", row.before, row.after)
        return
    said = [say(each, names) for each in both]
    yield Row(label, *(said if said[0] != said[1] else map(exactly, both)))


def is_condition(value: Any) -> bool:
    return isinstance(value, Mapping) and bool({"all", "any"} & value.keys())


def say(value: Any, names: Mapping[str, str]) -> str:
    """A value as people read it; of a long one the beginning."""
    if is_condition(value):
        return condition_words(value, names)
    if not isinstance(value, str):
        return exactly(value)
    return shortened(wording.with_names(EXPRESSION.sub(read_out, value), names))


def read_out(match: Any) -> str:
    return wording.say(match[0]) if len(match[0]) < 60 else str(match[0])


def exactly(value: Any) -> str:
    """A value as it is written."""
    if value is None or isinstance(value, str):
        return shortened(value or "")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, Mapping) and not has_groups(value):
        plain = [f"{str(key).replace('_', ' ')}: {exactly(each)}" for key, each in value.items()]
        return shortened("\n".join(plain)) or "there"
    return shortened(json.dumps(value, ensure_ascii=False, indent=1))


def has_groups(value: Mapping[str, Any]) -> bool:
    return any(isinstance(each, Mapping | list) for each in value.values())


def shortened(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def condition_words(condition: Any, names: Mapping[str, str]) -> str:
    return " ".join(text for text, _ in wording.sentence(condition, names)) or "always"


def placed(definition: Definition) -> list[tuple[Step, str]]:
    """Every step with the path it stands in."""
    found: list[tuple[Step, str]] = []

    def visit(steps: tuple[Step, ...], owner: str) -> None:
        for step in steps:
            found.append((step, owner))
            for branch in step.branches:
                visit(branch.steps, f"{step.id}.{branch.key}")

    visit(definition.steps, canvas.ROOT)
    return found


def path_words(definition: Definition, owner: str) -> str:
    """What a path is called."""
    if owner == canvas.ROOT:
        return "the main path"
    step_id, _, key = owner.partition(".")
    step = definition.find(step_id)
    return canvas.path_label(step, step.branch(key))


def of_step(how: str, step: Step, words: str = "", rows: tuple[Row, ...] = ()) -> Difference:
    step_type = step_types().get(step.type)
    kind, icon = (step_type.category, step_type.icon) if step_type else ("code", "circle-help")
    name = step.label or (step_type.label if step_type else step.type)
    return Difference(how, SIGNS[how], kind, icon, name, words, rows)


def unchanged_words(definition: Definition, found: list[Difference]) -> str:
    """How many steps stay as they are."""
    changed = sum(1 for one in found if one.how != "removed" and one.kind != "start")
    count = max(len(definition.step_ids()) - changed, 0)
    return f"{wording.count(count, 'step')} stay{'s' if count == 1 else ''} as they are."
