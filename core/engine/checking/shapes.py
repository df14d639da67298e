"""The shape of a value, as far as it is known before a run: its kind and what is inside it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

from core.engine.scope import kind_of

ANY_KIND = "any"
DEEPEST = 6  # levels of a sample that are looked at
MOST_KEYS = 100
MOST_ITEMS = 20
WORDS = {
    "text": "text",
    "number": "a number",
    "yes_no": "yes or no",
    "object": "a group",
    "list": "a list",
}


@dataclass(frozen=True, slots=True)
class Shape:
    """`keys` are those a group is known to have; a closed one has no others.

    `item` is the shape of a list's items. What was only seen in a past run is a sample.
    """

    kind: str = ANY_KIND
    keys: Mapping[str, "Shape"] | None = None
    is_closed: bool = False
    item: "Shape | None" = None
    is_sample: bool = False

    @property
    def words(self) -> str:
        """The kind as a sentence names it."""
        return WORDS[self.kind]


ANY = Shape()
TEXT, NUMBER, YES_NO = Shape("text"), Shape("number"), Shape("yes_no")
OBJECT, LIST = Shape("object"), Shape("list")
PLAIN = {"text": TEXT, "number": NUMBER, "yes_no": YES_NO, "object": OBJECT, "list": LIST}


def of_keys(keys: Mapping[str, Shape]) -> Shape:
    """A group with exactly these keys."""
    return Shape("object", keys, is_closed=True)


def of_items(item: Shape) -> Shape:
    """A list of such items."""
    return Shape("list", item=item)


def of_value(value: Any) -> Shape:
    """The shape of a value that is known as it stands."""
    if isinstance(value, Mapping):
        return of_keys({str(key): of_value(inner) for key, inner in value.items()})
    if isinstance(value, list | tuple):
        return of_items(united(of_value(item) for item in value[:MOST_ITEMS]))
    return PLAIN.get(kind_of(value), ANY)


def of_sample(value: Any, depth: int = 0) -> Shape:
    """The shape of what a past run has made; the next may have other keys."""
    if isinstance(value, Mapping) and value and depth < DEEPEST:
        inner = list(value.items())[:MOST_KEYS]
        keys = {str(key): of_sample(each, depth + 1) for key, each in inner}
        return Shape("object", keys, is_sample=True)
    if isinstance(value, list | tuple) and depth < DEEPEST:
        items = united(of_sample(item, depth + 1) for item in value[:MOST_ITEMS])
        return Shape("list", item=items, is_sample=True)
    return replace(PLAIN.get(kind_of(value), ANY), is_sample=True)


def united(shapes: Any) -> Shape:
    """What is known of a value that has one of these shapes."""
    listed = list(shapes)
    return reduce(either, listed) if listed else ANY


def either(one: Shape, other: Shape) -> Shape:
    """What is known of a value that has one shape or the other."""
    if one == other:
        return one
    if one.kind != other.kind or one.kind == ANY_KIND:
        return ANY
    is_sample = one.is_sample or other.is_sample
    if one.kind == "list":
        return Shape("list", item=either(one.item or ANY, other.item or ANY), is_sample=is_sample)
    if one.kind == "object":
        mine, theirs = one.keys or {}, other.keys or {}
        keys = {key: either(mine.get(key, ANY), theirs.get(key, ANY)) for key in {**mine, **theirs}}
        is_closed = one.is_closed and other.is_closed
        return Shape("object", keys, is_closed, is_sample=is_sample)
    return Shape(one.kind, is_sample=is_sample)


def inside(shape: Shape, key: Any) -> Shape:
    """The shape of what stands under a key or position."""
    if shape.kind == "object":
        found = (shape.keys or {}).get(str(key))
        return found or (replace(ANY, is_sample=shape.is_sample))
    if shape.kind == "list" and isinstance(key, int):
        return shape.item or ANY
    return ANY
