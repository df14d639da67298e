"""Objects: read, choose keys, put together."""

from typing import Any

from core.engine.expressions import paths
from core.engine.expressions.casts import Object
from core.engine.expressions.errors import ExpressionError
from core.engine.expressions.evaluation import Evaluation
from core.engine.expressions.function import function
from core.engine.expressions.values import is_list, is_object, name

ADA = "{'name': 'Ada', 'age': 36}"


@function("keys", f"{{{{ keys({ADA}) }}}}", ["name", "age"], "object")
def keys(evaluation: Evaluation, object_: Object) -> list[str]:
    """The keys of an object."""
    return list(object_)


@function("values", f"{{{{ values({ADA}) }}}}", ["Ada", 36], "object")
def values(evaluation: Evaluation, object_: Object) -> list[Any]:
    """The values of an object."""
    return [object_[key] for key in object_]


@function("only these keys", f"{{{{ {ADA} | pick('name') }}}}", {"name": "Ada"}, "object")
def pick(evaluation: Evaluation, object_: Object, *keys: Any) -> dict[str, Any]:
    """Only the named keys, where they are there."""
    return {key: object_[key] for key in _names(keys) if key in object_}


@function("without these keys", f"{{{{ {ADA} | omit('age') }}}}", {"name": "Ada"}, "object")
def omit(evaluation: Evaluation, object_: Object, *keys: Any) -> dict[str, Any]:
    """All but the named keys."""
    left_out = set(_names(keys))
    return {key: object_[key] for key in object_ if key not in left_out}


@function("value at", "{{ get({'a': [{'b': 1}]}, 'a[0].b') }}", 1, "object", "list")
def get(evaluation: Evaluation, object_: Any, path: str, default: Any = None) -> Any:
    """The value at the end of a path; else the default."""
    found = paths.follow(object_, path)
    return default if found is None else found


@function("set a value", f"{{{{ {ADA} | set('age', 37) | get('age') }}}}", 37, "object")
def set_(evaluation: Evaluation, object_: Any, path: str, value: Any) -> Any:
    """A copy with another value at the end of a path; missing objects on the way are made."""
    return _with(evaluation, object_, paths.split(path), value)


@function("put together", "{{ merge({'a': 1}, {'b': 2}) }}", {"a": 1, "b": 2}, "object")
def merge(evaluation: Evaluation, object_: Object, *others: Object) -> dict[str, Any]:
    """All keys of several objects; where they meet, the later one wins."""
    merged = dict(object_)
    for other in others:
        merged.update(other)
    return merged


def _names(given: tuple[Any, ...]) -> list[str]:
    names = [key for part in given for key in (part if is_list(part) else [part])]
    if not all(isinstance(key, str) for key in names):
        raise ExpressionError("keys are texts")
    return names


def _with(evaluation: Evaluation, whole: Any, keys: tuple[str | int, ...], value: Any) -> Any:
    if not keys:
        return value
    key = keys[0]
    if whole is None:
        whole = {}
    if is_list(whole) and isinstance(key, int):
        return _with_item(evaluation, list(whole), key, keys[1:], value)
    if not is_object(whole):
        raise ExpressionError(f"there is no place for {key} in {name(whole)}")
    evaluation.meter.spend(len(whole))
    word = str(key)
    return {**whole, word: _with(evaluation, whole.get(word), keys[1:], value)}


def _with_item(
    evaluation: Evaluation, items: list[Any], place: int, keys: tuple[str | int, ...], value: Any
) -> list[Any]:
    evaluation.meter.spend(len(items))
    if place == len(items):
        items.append(None)
    if not -len(items) <= place < len(items):
        raise ExpressionError(f"the list has no position {place}")
    items[place] = _with(evaluation, items[place], keys, value)
    return items
