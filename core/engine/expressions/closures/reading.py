"""Literals, roots of the scope, and the paths into them."""

from collections.abc import Callable, Mapping
from typing import Any

from core.engine.expressions.closures.building import Closure, Slots, build, builds
from core.engine.expressions.errors import ExpressionError
from core.engine.expressions.evaluation import Evaluation
from core.engine.expressions.nodes import Literal, Name, Node, Path
from core.engine.expressions.parser import unknown
from core.engine.expressions.values import look_up, shown

STEPS = "steps"
HIDDEN = "__"


@builds(Literal)
def build_literal(node: Literal, slots: Slots) -> Closure:
    value = node.value
    return lambda evaluation: value


@builds(Name)
def build_name(node: Name, slots: Slots) -> Closure:
    root, column = node.name, node.column
    if root in slots:
        slot = slots[root]
        return lambda evaluation: evaluation.items[slot]
    is_hidden = root.startswith(HIDDEN)

    def read_root(evaluation: Evaluation) -> Any:
        try:
            if not is_hidden:
                return evaluation.scope[root]
        except KeyError:
            pass
        raise unknown("value", root, evaluation.scope, column)

    return read_root


@builds(Path)
def build_path(node: Path, slots: Slots) -> Closure:
    base, keys, column = build(node.base, slots), node.keys, node.column
    if isinstance(node.base, Name) and node.base.name == STEPS and STEPS not in slots:
        base = _step_reader(base, build(keys[0], slots), column)
        keys = keys[1:]
    if (words := _words(keys)) is None:
        return _computed_path(base, tuple(build(key, slots) for key in keys))
    return _short_path(base, words[0]) if len(words) == 1 else _fixed_path(base, words)


def direct_reader(node: Node) -> Callable[[Mapping[str, Any]], Any] | None:
    """The reader of a plain path, which needs no evaluation around it; else None.

    It raises KeyError where the path leads to no root or no step.
    """
    if not isinstance(node, Path) or not isinstance(node.base, Name):
        return None
    words = _words(node.keys)
    if words is None or node.base.name.startswith(HIDDEN):
        return None
    return _direct(node.base.name, words)


def _direct(root: str, words: tuple[str, ...]) -> Callable[[Mapping[str, Any]], Any]:
    first, others = words[0], words[1:]
    is_strict = root == STEPS

    def read(scope: Mapping[str, Any]) -> Any:
        value = scope[root]
        if is_strict:
            value = value[first]
        else:
            value = value.get(first) if type(value) is dict else look_up(value, first)
        for key in others:
            if type(value) is dict:
                value = value.get(key)
            elif value is None:
                return None
            else:
                value = look_up(value, key)
        return value

    return read


def _step_reader(base: Closure, key: Closure, column: int) -> Closure:
    def read_step(evaluation: Evaluation) -> Any:
        step_id = key(evaluation)
        try:
            return base(evaluation)[step_id]
        except (KeyError, TypeError, IndexError):
            raise ExpressionError(f"there is no step called {shown(step_id)}", column) from None

    return read_step


def _short_path(base: Closure, key: str) -> Closure:
    def read_path(evaluation: Evaluation) -> Any:
        value = base(evaluation)
        return value.get(key) if type(value) is dict else look_up(value, key)

    return read_path


def _fixed_path(base: Closure, keys: tuple[str, ...]) -> Closure:
    def read_path(evaluation: Evaluation) -> Any:
        value = base(evaluation)
        for key in keys:
            if type(value) is dict:
                value = value.get(key)
            elif value is None:
                return None
            else:
                value = look_up(value, key)
        return value

    return read_path


def _computed_path(base: Closure, keys: tuple[Closure, ...]) -> Closure:
    def read_path(evaluation: Evaluation) -> Any:
        value = base(evaluation)
        for key in keys:
            value = look_up(value, key(evaluation))
        return value

    return read_path


def _words(keys: tuple[Node, ...]) -> tuple[str, ...] | None:
    words = tuple(key.value for key in keys if isinstance(key, Literal))
    return words if len(words) == len(keys) and all(type(word) is str for word in words) else None
