"""Lists and objects, written out or made of another list."""

from typing import Any

from core.engine.expressions.closures.building import Closure, Slots, at, build, builds
from core.engine.expressions.errors import ExpressionError
from core.engine.expressions.evaluation import Evaluation
from core.engine.expressions.nodes import Comprehension, ListOf, Logic, ObjectOf
from core.engine.expressions.values import is_list, is_number, is_yes, name, number_text


@builds(ListOf)
def build_list(node: ListOf, slots: Slots) -> Closure:
    items, column = tuple(build(item, slots) for item in node.items), node.column

    def make_list(evaluation: Evaluation) -> list[Any]:
        _spend(evaluation, len(items), column)
        return [item(evaluation) for item in items]

    return make_list


@builds(ObjectOf)
def build_object(node: ObjectOf, slots: Slots) -> Closure:
    pairs = tuple((build(key, slots), build(value, slots)) for key, value in node.pairs)
    column = node.column

    def make_object(evaluation: Evaluation) -> dict[str, Any]:
        _spend(evaluation, len(pairs), column)
        return {_key(key(evaluation), column): value(evaluation) for key, value in pairs}

    return make_object


@builds(Comprehension)
def build_comprehension(node: Comprehension, slots: Slots) -> Closure:
    slot, column = max(slots.values(), default=-1) + 1, node.column
    inner = {**slots, node.variable: slot}
    source = build(node.source, slots)
    condition = _condition(node, inner)
    value = build(node.value, inner)
    key = build(node.key, inner) if node.key else None

    def make(evaluation: Evaluation) -> Any:
        items, spend = evaluation.items, evaluation.meter.spend
        listed: list[Any] = []
        keyed: dict[str, Any] = {}
        try:
            for item in _turns(source(evaluation)):
                spend(1)
                items[slot] = item
                if condition and not is_yes(condition(evaluation)):
                    continue
                if key:
                    keyed[_key(key(evaluation), column)] = value(evaluation)
                else:
                    listed.append(value(evaluation))
        except ExpressionError as error:
            raise at(column, error) from None
        return keyed if key else listed

    return make


def _condition(node: Comprehension, slots: Slots) -> Closure | None:
    if not node.conditions:
        return None
    is_one = len(node.conditions) == 1
    return build(node.conditions[0] if is_one else Logic("and", node.conditions), slots)


def _turns(values: Any) -> Any:
    if values is None:
        return ()
    if not is_list(values):
        raise ExpressionError(f"“for” goes through a list, not {name(values)}")
    return values


def _key(value: Any, column: int) -> str:
    if isinstance(value, str):
        return value
    if is_number(value):
        return number_text(value)
    raise ExpressionError(f"a key is text, not {name(value)}", column)


def _spend(evaluation: Evaluation, units: int, column: int) -> None:
    try:
        evaluation.meter.spend(units)
    except ExpressionError as error:
        raise at(column, error) from None
