"""What a condition looks like in a file: one expression, or rows."""

from typing import Any

from core.engine import conditions
from core.engine.reading.shapes import (
    Anything,
    Choice,
    Group,
    Path,
    Report,
    YesNo,
    did_you_mean,
)

JOINS = ("all", "any")
ROW = Group(
    {
        "left": Anything(),
        "is": Choice(tuple(conditions.COMPARISONS)),
        "right": Anything(),
        "ignore_case": YesNo(),
    },
    required=("left", "is"),
)


class Condition:
    """One expression, or `{all|any: [rows]}`, nesting one level."""

    def check(self, value: Any, path: Path, report: Report) -> None:
        """Rows that are right, expressions that can be read."""
        for problem in conditions.problems(value):
            near = ""
            if problem.path[-1:] == ("is",):
                near = did_you_mean(str(at(value, problem.path)), conditions.COMPARISONS)
            report.add((*path, *problem.path), problem.message + near)

    def schema(self) -> dict[str, Any]:
        """As JSON Schema, which is written once."""
        return {"$ref": "#/$defs/condition"}


def condition_schema() -> dict[str, Any]:
    """The JSON Schema of every condition."""
    row = ROW.schema()
    rows = rows_schema({"anyOf": [row, rows_schema(row)]})
    return {"anyOf": [{"type": "string"}, {"type": "boolean"}, rows]}


def at(value: Any, path: Path) -> Any:
    """The value inside a value, or None."""
    for key in path:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def rows_schema(row: dict[str, Any]) -> dict[str, Any]:
    rows = {"type": "array", "items": row}
    return {
        "type": "object",
        "properties": {join: rows for join in JOINS},
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
    }
