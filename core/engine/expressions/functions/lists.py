"""Lists: pick, order, regroup."""

from collections.abc import Callable
from typing import Any

from core.engine.expressions import paths
from core.engine.expressions.casts import Items
from core.engine.expressions.errors import ExpressionError
from core.engine.expressions.evaluation import Evaluation
from core.engine.expressions.function import function
from core.engine.expressions.operators import equals, same
from core.engine.expressions.sorting import sort_keys
from core.engine.expressions.values import is_empty, is_list, is_number, is_object, number_text

LINES = "[{'sku': 'B', 'qty': 2}, {'sku': 'A', 'qty': 5}]"
A_LINE = {"sku": "A", "qty": 5}
B_LINE = {"sku": "B", "qty": 2}


@function("numbers in a row", "{{ range(1, 10, 3) }}", [1, 4, 7])
def range_(evaluation: Evaluation, start: int, stop: int | None = None, step: int = 1) -> list[int]:
    """Whole numbers from 0 or a start up to, but not including, a stop."""
    if step == 0:
        raise ExpressionError("the step is not 0")
    numbers = range(start) if stop is None else range(start, stop, step)
    evaluation.meter.spend(_count(numbers))
    return list(numbers)


@function("first item", "{{ ['a', 'b'] | first }}", "a", "list")
def first(evaluation: Evaluation, list_: Any) -> Any:
    """The first item of a list; null if there is none."""
    return _at(list_, 0)


@function("last item", "{{ ['a', 'b'] | last }}", "b", "list")
def last(evaluation: Evaluation, list_: Any) -> Any:
    """The last item of a list; null if there is none."""
    return _at(list_, -1)


@function("count", "{{ ['a', 'b'] | count }}", 2, "list", "object")
def count(evaluation: Evaluation, list_: Any) -> int:
    """How many items or keys there are."""
    if list_ is None:
        return 0
    if not is_list(list_) and not is_object(list_):
        raise ExpressionError("a list is expected; use length for the characters of a text")
    return len(list_)


@function("without repeats", "{{ [1, 2, 1] | unique }}", [1, 2], "list")
def unique(evaluation: Evaluation, list_: Items) -> list[Any]:
    """Each value once, where it first stands."""
    simple: set[tuple[type, Any]] = set()
    nested: list[Any] = []
    kept = []
    for item in list_:
        if is_list(item) or is_object(item):
            if any(same(item, other, evaluation.meter) for other in _metered(evaluation, nested)):
                continue
            nested.append(item)
        else:
            key = (float if is_number(item) else type(item), item)
            if key in simple:
                continue
            simple.add(key)
        kept.append(item)
    return kept


@function("sort", "{{ ['b', 'C', 'a'] | sort }}", ["a", "b", "C"], "list")
def sort(evaluation: Evaluation, list_: Items, order: str = "asc") -> list[Any]:
    """In ascending order, or 'desc'; capitals do not matter, null comes last."""
    return _sorted(evaluation, list_, list_, order)


@function("sort by", f"{{{{ {LINES} | sort_by('sku') | first }}}}", A_LINE, "list")
def sort_by(evaluation: Evaluation, list_: Items, path: str, order: str = "asc") -> list[Any]:
    """Objects in the order of one of their values, 'desc' for the largest first."""
    return _sorted(evaluation, list_, [paths.follow(item, path) for item in list_], order)


@function("reverse", "{{ [1, 2, 3] | reverse }}", [3, 2, 1], "list")
def reverse(evaluation: Evaluation, list_: Items) -> list[Any]:
    """From the last item to the first."""
    return list(list_)[::-1]


@function("only where", f"{{{{ {LINES} | filter_by('sku', 'B') }}}}", [B_LINE], "list")
def filter_by(evaluation: Evaluation, list_: Items, path: str, value: Any) -> list[Any]:
    """Only the objects where one of their values equals another."""
    return [item for item in list_ if equals(evaluation, paths.follow(item, path), value)]


@function("one value of each", f"{{{{ {LINES} | map('sku') }}}}", ["B", "A"], "list")
def map_(evaluation: Evaluation, list_: Items, path: str) -> list[Any]:
    """One value of each object."""
    return [paths.follow(item, path) for item in list_]


@function(
    "group by",
    "{{ [{'k': 1}, {'k': 2}, {'k': 1}] | group_by('k') }}",
    [{"key": 1, "items": [{"k": 1}, {"k": 1}]}, {"key": 2, "items": [{"k": 2}]}],
    "list",
)
def group_by(evaluation: Evaluation, list_: Items, path: str) -> list[dict[str, Any]]:
    """Objects with the same value together: a list of key and items."""
    groups: dict[Any, dict[str, Any]] = {}
    for item in list_:
        key = paths.follow(item, path)
        if is_list(key) or is_object(key):
            raise ExpressionError("only texts, numbers and yes/no make groups")
        mark = (float if is_number(key) else type(key), key)
        groups.setdefault(mark, {"key": key, "items": []})["items"].append(item)
    return list(groups.values())


@function("find by", f"{{{{ index_by({LINES}, 'sku').A.qty }}}}", 5, "list")
def index_by(evaluation: Evaluation, list_: Items, path: str) -> dict[str, Any]:
    """An object that holds each item under one of its values; the last one wins."""
    index = {}
    for item in list_:
        key = paths.follow(item, path)
        if isinstance(key, str) or is_number(key):
            index[key if isinstance(key, str) else number_text(key)] = item
        elif key is not None:
            raise ExpressionError("only texts and numbers can be keys")
    return index


@function("flatten", "{{ [[1, 2], [3], 4] | flatten }}", [1, 2, 3, 4], "list")
def flatten(evaluation: Evaluation, list_: Items) -> list[Any]:
    """The items of the lists in a list, one level deep."""
    flat: list[Any] = []
    for item in list_:
        if is_list(item):
            evaluation.meter.spend(len(item))
            flat.extend(item)
        else:
            flat.append(item)
    return flat


@function("in packs of", "{{ [1, 2, 3, 4, 5] | chunk(2) }}", [[1, 2], [3, 4], [5]], "list")
def chunk(evaluation: Evaluation, list_: Items, size: int) -> list[list[Any]]:
    """Cut into lists of a size; the last may be shorter."""
    if size < 1:
        raise ExpressionError("the size is at least 1")
    return [list(list_[start : start + size]) for start in range(0, len(list_), size)]


@function("pair with", "{{ zip(['a', 'b'], [1, 2]) }}", [["a", 1], ["b", 2]], "list")
def zip_(evaluation: Evaluation, list_: Items, *others: Items) -> list[list[Any]]:
    """Items that stand at the same place, together; the shortest list ends it."""
    evaluation.meter.spend(len(list_) * len(others))
    return [list(items) for items in zip(list_, *others, strict=False)]


@function("without empty ones", "{{ ['a', null, '', 0] | compact }}", ["a", 0], "list")
def compact(evaluation: Evaluation, list_: Items) -> list[Any]:
    """Without null, empty texts, lists and objects."""
    return [item for item in list_ if not is_empty(item)]


def _at(value: Any, position: int) -> Any:
    if value is None:
        return None
    if not is_list(value):
        raise ExpressionError("a list is expected")
    return value[position] if len(value) else None


def _sorted(evaluation: Evaluation, items: Items, by: Items, order: str) -> list[Any]:
    if order not in ("asc", "desc"):
        raise ExpressionError("the order is 'asc' or 'desc'")
    keys = sort_keys(evaluation, by)
    places = [place for place in range(len(items)) if by[place] is not None]
    places.sort(key=keys.__getitem__, reverse=order == "desc")
    return [items[place] for place in places] + [
        item for item, value in zip(items, by, strict=True) if value is None
    ]


def _count(numbers: range) -> int:
    try:
        return len(numbers)
    except OverflowError as error:
        raise ExpressionError("this is too much work for one field") from error


def _metered(evaluation: Evaluation, items: list[Any]) -> Any:
    spend: Callable[[int], None] = evaluation.meter.spend
    for item in items:
        spend(1)
        yield item
