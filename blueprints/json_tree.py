"""JSON as a tree that folds: what components/json.html draws, bounded however large the value is.

{% from "components/json.html" import json_view %}
{{ json_view(value, "What went in") }}
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Flask

from core.engine import wording

MOST_ROWS = 400  # of one tree
MOST_CHILDREN = 100  # of one object or list
LONGEST_TEXT = 2000  # characters of one value
DEEPEST = 24
OPEN_LEVELS = 2
OPEN_ITEMS = 3  # a longer list shows its items closed

WORD = re.compile(r"[A-Za-z_]\w*")


@dataclass(slots=True)
class Node:
    """One value of the tree. `path` is how an expression reaches it from the tree's root."""

    key: str
    path: str
    kind: str  # group | text | number | word
    text: str = ""
    size: str = ""
    is_open: bool = False
    children: list["Node"] = field(default_factory=list)
    left_out: str = ""


def install(app: Flask) -> None:
    """Give templates the tree."""
    app.jinja_env.globals.update(json_tree=tree)


def tree(value: Any, *, open_levels: int = OPEN_LEVELS) -> Node:
    """The value as nodes, at most MOST_ROWS of them."""
    return _Planter(open_levels).plant("", "", value, 0)


class _Planter:
    """Grows one tree within its bounds."""

    def __init__(self, open_levels: int) -> None:
        self.left = MOST_ROWS
        self.open_levels = open_levels

    def plant(self, key: str, path: str, value: Any, level: int) -> Node:
        self.left -= 1
        if not isinstance(value, Mapping | list | tuple):
            return _leaf(key, path, value)
        node = Node(key, path, "group", size=_size(value), is_open=level < self.open_levels)
        if level >= DEEPEST:
            node.left_out = node.size if value else ""
            return node
        for name, inner, inner_path in _members(value, path):
            if self.left <= 0 or len(node.children) >= MOST_CHILDREN:
                break
            child = self.plant(name, inner_path, inner, level + 1)
            node.children.append(child)
        if not isinstance(value, Mapping) and len(value) > OPEN_ITEMS:
            for child in node.children:
                child.is_open = False
        if missing := len(value) - len(node.children):
            node.left_out = wording.count(missing, "more", "more")
        return node


def _members(value: Any, path: str) -> Iterator[tuple[str, Any, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield str(key), inner, step_into(path, str(key))
        return
    for index, inner in enumerate(value):
        yield str(index), inner, f"{path}[{index}]"


def step_into(path: str, key: str) -> str:
    """The path of an object's member, as an expression writes it."""
    if WORD.fullmatch(key):
        return f"{path}.{key}" if path else key
    quoted = key.replace("\\", "\\\\").replace("'", "\\'")
    return f"{path}['{quoted}']"


def _leaf(key: str, path: str, value: Any) -> Node:
    match value:
        case None | bool():
            return Node(key, path, "word", json.dumps(value))
        case int() | float():
            return Node(key, path, "number", json.dumps(value))
    text = str(value)
    node = Node(key, path, "text", json.dumps(text[:LONGEST_TEXT], ensure_ascii=False))
    if len(text) > LONGEST_TEXT:
        node.left_out = f"{wording.count(len(text) - LONGEST_TEXT, 'character')} more"
    return node


def _size(value: Any) -> str:
    return wording.count(len(value), "field" if isinstance(value, Mapping) else "item")
