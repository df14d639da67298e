"""The data picker: the values that can be read at a step, nearest first, with examples."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from blueprints.editor import outputs
from core.engine import scope, wording
from core.engine.scope import Offer
from core.engine.step_type import StepType
from core.steps import step_types

ICONS = {
    "text": "type",
    "number": "hash",
    "yes_no": "check",
    "date": "calendar",
    "object": "braces",
    "list": "list",
    "any": "type",
}
HEARD = {"yes_no": "yes or no", "object": "group", "any": "value"}
HEADINGS = {
    "error": ("logic", "life-buoy", "The error"),
    "trigger": ("start", "zap", "What the caller sends"),
    "vars": ("data", "variable", "Remembered values"),
    "run": ("code", "info", "This run"),
}
CLOSED = ("run",)
OPEN_SOURCES = 3  # of the nearest ones
NEAREST_STEPS = 8


@dataclass(frozen=True, slots=True)
class Value:
    """One value that a click inserts."""

    path: str
    name: str
    kind: str
    now: str
    depth: int

    @property
    def icon(self) -> str:
        """Its type as a picture."""
        return ICONS[self.kind]

    @property
    def heard(self) -> str:
        """Its type as a word."""
        return HEARD.get(self.kind, self.kind)


@dataclass(frozen=True, slots=True)
class Source:
    """A step, the start or a loop, with its values."""

    kind: str
    icon: str
    name: str
    note: str
    is_doubtful: bool
    is_open: bool
    values: tuple[Value, ...]
    is_step: bool = False


def nearest(sources: Sequence[Source]) -> list[Source]:
    """The sources to draw at first: of many steps only the nearest."""
    far = [source for source in sources if source.is_step][NEAREST_STEPS:]
    return [source for source in sources if source not in far]


def sources_at(bench: Any, step_id: str) -> list[Source]:
    """What can be inserted into a step's fields."""
    types = step_types()
    examples = outputs.examples(bench.workflow)
    kind = types.get(bench.definition.find(step_id).type)
    has_turns = getattr(kind, "is_loop", False) or getattr(kind, "has_turns", False)
    offers = scope.scope_at(bench.definition, step_id, types, in_body=has_turns)
    groups: dict[str, list[Offer]] = {}
    for offer in offers:
        key = f"{offer.group} {offer.step_id}" if offer.step_id else offer.group
        groups.setdefault(key, []).append(with_example(offer, examples))
    kinds = {step.id: types[step.type] for step in bench.definition.walk() if step.type in types}
    return [
        source(group, bench.names, kinds, is_open=position < OPEN_SOURCES or key == "trigger")
        for position, (key, group) in enumerate(groups.items())
    ]


def with_example(offer: Offer, examples: Mapping[str, Any]) -> Offer:
    """The offer with what the last run had there."""
    key = f"item of {offer.step_id}" if offer.group == "item" else offer.path
    if key not in examples or (offer.group == "item" and offer.path.endswith("index")):
        return offer
    return scope.offer(
        offer.group,
        offer.label,
        offer.path,
        examples[key],
        step_id=offer.step_id,
        may_be_empty=offer.may_be_empty,
    )


def source(
    offers: Sequence[Offer],
    names: Mapping[str, str],
    kinds: Mapping[str, StepType],
    *,
    is_open: bool,
) -> Source:
    """One heading with the values under it."""
    first = offers[0]
    values: list[Value] = []
    for offer in offers:
        values += values_of(offer)
    if first.group in HEADINGS:
        kind, icon, name = HEADINGS[first.group]
        return Source(
            kind, icon, name, "", False, is_open and first.group not in CLOSED, tuple(values)
        )
    step_type = kinds[first.step_id or ""]
    note = "this turn" if first.group == "item" else "may be empty" if first.may_be_empty else ""
    return Source(
        step_type.category,
        step_type.icon,
        names.get(first.step_id or "", first.label),
        note,
        first.may_be_empty,
        is_open,
        tuple(values),
        is_step=first.group == "step",
    )


def values_of(offer: Offer) -> Iterator[Value]:
    """The values that an offer holds; the whole where there is nothing inside."""
    is_whole = offer.group in ("step", "error", "run") and offer.children
    if is_whole:
        for child in offer.children:
            yield from flat(child, 0)
        return
    name = "the result" if offer.group == "step" else last_of(offer)
    yield Value(offer.path, name, offer.kind, say(offer), 0)
    for child in offer.children:
        yield from flat(child, 1)


def flat(offer: Offer, depth: int) -> Iterator[Value]:
    yield Value(offer.path, offer.label, offer.kind, say(offer), depth)
    for child in offer.children:
        yield from flat(child, depth + 1)


def last_of(offer: Offer) -> str:
    """What a value is called without its heading."""
    return offer.path.rpartition(".")[2] if offer.group == "item" else offer.label


def say(offer: Offer) -> str:
    """The example in a few characters."""
    example = offer.example
    if example is None:
        return "may be empty" if offer.may_be_empty and offer.group == "trigger" else ""
    if isinstance(example, Mapping) or (isinstance(example, str) and "{{" in example):
        return ""
    return wording.say(example)
