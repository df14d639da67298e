"""What a condition looks like in a file: one expression, or rows."""

from collections.abc import Mapping
from typing import Any

from core.engine.reading.shapes import (
    Anything,
    Choice,
    Group,
    ListOf,
    Path,
    Report,
    YesNo,
    kind,
)

COMPARISONS = (
    "equals",
    "not_equals",
    "contains",
    "not_contains",
    "starts_with",
    "ends_with",
    "greater_than",
    "at_least",
    "less_than",
    "at_most",
    "before",
    "after",
    "is_empty",
    "is_not_empty",
    "is_in",
    "is_not_in",
    "matches",
)
ROW = Group(
    {
        "left": Anything(),
        "is": Choice(COMPARISONS),
        "right": Anything(),
        "ignore_case": YesNo(),
    },
    required=("left", "is"),
)
JOINS = ("all", "any")
MOST_ROWS = 50


class Condition:
    """One expression, or `{all|any: [rows]}`, nesting one level."""

    def check(self, value: Any, path: Path, report: Report) -> None:
        """Text, yes or no, or rows."""
        if isinstance(value, Mapping):
            check_rows(value, path, report, deeper=True)
        elif not isinstance(value, str | bool):
            wanted = "one expression, or rows under “all” or “any”"
            report.add(path, f"must be {wanted}, not {kind(value)}")

    def schema(self) -> dict[str, Any]:
        """As JSON Schema."""
        row = ROW.schema()
        inner = rows_schema(row)
        rows = rows_schema({"anyOf": [row, inner]})
        return {"anyOf": [{"type": "string"}, {"type": "boolean"}, rows]}


def check_rows(value: Mapping[str, Any], path: Path, report: Report, *, deeper: bool) -> None:
    keys = list(value)
    if len(keys) != 1 or keys[0] not in JOINS:
        report.add(path, "rows stand under “all” or “any”, one of the two and nothing else")
        return
    rows = value[keys[0]]
    path = (*path, keys[0])
    ListOf(Anything(), MOST_ROWS).check(rows, path, report)
    for position, row in enumerate(rows if isinstance(rows, list) else ()):
        check_row(row, (*path, position), report, deeper=deeper)


def check_row(row: Any, path: Path, report: Report, *, deeper: bool) -> None:
    if isinstance(row, Mapping) and any(join in row for join in JOINS):
        if deeper:
            check_rows(row, path, report, deeper=False)
        else:
            report.add(path, "rows nest one level, not more")
        return
    ROW.check(row, path, report)


def rows_schema(row: dict[str, Any]) -> dict[str, Any]:
    rows = {"type": "array", "items": row}
    return {
        "type": "object",
        "properties": {join: rows for join in JOINS},
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
    }
