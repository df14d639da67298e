"""The “only when” of steps and branches: one expression, or rows of comparisons."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from core.engine import wording
from core.engine.comparisons import COMPARISONS, Comparison, compare
from core.engine.expressions import ExpressionError, Meter, Reference, parse, resolve
from core.engine.expressions import problems as expression_problems
from core.engine.expressions import references as expression_references
from core.engine.expressions.evaluation import Evaluation
from core.engine.expressions.values import is_yes

__all__ = [
    "COMPARISONS",
    "Comparison",
    "ConditionProblem",
    "holds",
    "is_yes",
    "problems",
    "references",
    "sentence",
]

GROUPS: dict[str, Callable[[Iterator[bool]], bool]] = {"all": all, "any": any}
WORDS = {"all": " and ", "any": " or "}
ROW_KEYS = frozenset({"left", "is", "right", "ignore_case"})
NOT_AN_EXPRESSION = "a condition is one expression: {{ trigger.total > 0 }}"

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class ConditionProblem:
    """What is wrong with a condition; `path` leads to the place inside it."""

    path: Path
    message: str
    column: int | None = None


def holds(condition: Any, scope: Mapping[str, Any]) -> bool:
    """Whether the condition is met; no condition always is. Raises ExpressionError."""
    evaluation = Evaluation(scope, Meter())
    try:
        return _holds(condition, evaluation)
    except ExpressionError:
        raise
    except RecursionError as error:
        raise ExpressionError("the condition is nested too deeply") from error


def problems(condition: Any) -> tuple[ConditionProblem, ...]:
    """All that is wrong with a condition before it runs."""
    if _is_absent(condition) or isinstance(condition, bool):
        return ()
    if isinstance(condition, str):
        return tuple(_text_problems(condition))
    if isinstance(condition, Mapping):
        return tuple(_group_problems(condition, (), 1))
    return (ConditionProblem((), NOT_AN_EXPRESSION),)


def references(condition: Any) -> tuple[Reference, ...]:
    """All that the condition reads."""
    return expression_references(condition)


def sentence(condition: Any) -> str:
    """The condition in words: “total is more than 1000 and email is not empty”."""
    if _is_absent(condition):
        return "always"
    if isinstance(condition, bool):
        return "always" if condition else "never"
    if isinstance(condition, str):
        return _say(condition)
    return _group_sentence(condition) if isinstance(condition, Mapping) else ""


def _is_absent(condition: Any) -> bool:
    return condition is None or (isinstance(condition, str) and not condition.strip())


def _holds(condition: Any, evaluation: Evaluation) -> bool:
    if _is_absent(condition):
        return True
    if isinstance(condition, bool):
        return condition
    if isinstance(condition, str):
        template = parse(condition.strip())
        if not template.is_single:
            raise ExpressionError(NOT_AN_EXPRESSION, 1, condition)
        return is_yes(template.evaluate(evaluation.scope, evaluation.meter))
    if not isinstance(condition, Mapping):
        raise ExpressionError(NOT_AN_EXPRESSION)
    if word := _group_word(condition):
        rows = condition[word] or ()
        return not rows or GROUPS[word](_holds(row, evaluation) for row in rows)
    return _row_holds(condition, evaluation)


def _row_holds(row: Mapping[str, Any], evaluation: Evaluation) -> bool:
    word = row.get("is")
    if word not in COMPARISONS:
        raise ExpressionError(f"there is no comparison called “{word}”")
    left, right = (
        resolve(row.get(side), evaluation.scope, evaluation.meter) for side in ("left", "right")
    )
    return compare(evaluation, str(word), left, right, bool(row.get("ignore_case", True)))


def _group_word(condition: Mapping[str, Any]) -> str | None:
    return next((word for word in GROUPS if word in condition), None)


def _text_problems(condition: str) -> Iterator[ConditionProblem]:
    found = [ConditionProblem((), e.message, e.column) for e in expression_problems(condition)]
    yield from found
    if not found and not parse(condition.strip()).is_single:
        yield ConditionProblem((), NOT_AN_EXPRESSION)


def _group_problems(
    group: Mapping[str, Any], path: Path, levels: int
) -> Iterator[ConditionProblem]:
    word = _group_word(group)
    if word is None:
        yield ConditionProblem(path, "rows of a condition stand under “all” or “any”")
        return
    for key in group:
        if key != word:
            yield ConditionProblem((*path, key), f"“{key}” is not known beside “{word}”")
    rows = group[word]
    if not isinstance(rows, list | tuple):
        yield ConditionProblem((*path, word), "a list of rows is expected")
        return
    for position, row in enumerate(rows):
        yield from _entry_problems(row, (*path, word, position), levels)


def _entry_problems(row: Any, path: Path, levels: int) -> Iterator[ConditionProblem]:
    if not isinstance(row, Mapping):
        yield ConditionProblem(path, "a row has left, is and right")
    elif not _group_word(row):
        yield from _row_problems(row, path)
    elif levels:
        yield from _group_problems(row, path, levels - 1)
    else:
        yield ConditionProblem(path, "groups of rows nest only one level")


def _row_problems(row: Mapping[str, Any], path: Path) -> Iterator[ConditionProblem]:
    for key in row:
        if key not in ROW_KEYS:
            yield ConditionProblem((*path, key), f"“{key}” is not known in a row")
    if "left" not in row:
        yield ConditionProblem((*path, "left"), "the left side is missing")
    comparison = COMPARISONS.get(str(row.get("is")))
    if comparison is None:
        known = ", ".join(COMPARISONS)
        yield ConditionProblem((*path, "is"), f"“is” is one of {known}")
    elif comparison.needs_right and row.get("right") in (None, ""):
        yield ConditionProblem((*path, "right"), f"“{comparison.label}” needs a right side")
    if not isinstance(row.get("ignore_case", True), bool):
        yield ConditionProblem((*path, "ignore_case"), "true or false is expected")
    yield from _side_problems(row, path)


def _side_problems(row: Mapping[str, Any], path: Path) -> Iterator[ConditionProblem]:
    for side in ("left", "right"):
        for error in expression_problems(row.get(side)):
            yield ConditionProblem((*path, side, *error.path), error.message, error.column)


def _group_sentence(group: Mapping[str, Any]) -> str:
    word = _group_word(group)
    if word is None:
        return _row_sentence(group)
    parts = [
        f"({_group_sentence(row)})" if _group_word(row) else _row_sentence(row)
        for row in group[word] or ()
        if isinstance(row, Mapping)
    ]
    return WORDS[word].join(parts) or "always"


def _row_sentence(row: Mapping[str, Any]) -> str:
    comparison = COMPARISONS.get(str(row.get("is")))
    label = comparison.label if comparison else str(row.get("is", "?"))
    words = [_say(row.get("left")), label]
    if comparison is None or comparison.needs_right:
        words.append(_say_right(row.get("right")))
    return " ".join(words)


def _say(value: Any) -> str:
    return wording.say(value) or "nothing"


def _say_right(value: Any) -> str:
    """Texts in quotes, a few items of a list, expressions as on the left."""
    if isinstance(value, str) and "{{" not in value:
        return f"“{wording.say(value)}”"
    if isinstance(value, list | tuple) and value:
        return ", ".join(_say_right(item) for item in value[:3]) + ("…" if len(value) > 3 else "")
    return _say(value)
