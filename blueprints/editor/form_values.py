"""From a step's form to values of the definition, one reader for each kind of field."""

from collections.abc import Callable, Mapping
from typing import Any

from blueprints.editor import json_text
from blueprints.editor.wording import ALONE
from core.engine.fields import Field

Tree = Mapping[str, Any]
LISTS = frozenset({"is_in", "is_not_in"})


def tree_of(form: Mapping[str, str]) -> dict[str, Any]:
    """Form names with dots as nested mappings: `a.rows.0.key` is a → rows → 0 → key."""
    tree: dict[str, Any] = {}
    for name, text in form.items():
        *parents, last = name.split(".")
        here = tree
        for key in parents:
            inner = here.setdefault(key, {})
            here = inner if isinstance(inner, dict) else here.setdefault(f"{key}.", {})
        here[last] = text
    return tree


def at(tree: Tree, path: str) -> Any:
    """What the form says under a dotted path; None if nothing."""
    here: Any = tree
    for key in path.split("."):
        if not isinstance(here, Mapping) or key not in here:
            return None
        here = here[key]
    return here


def read_field(field: Field, given: Any) -> Any:
    """The value that the form gives a field; None takes it away; raises NotJson."""
    reader = READERS.get(field.kind, read_text)
    return reader(given)


def read_text(given: Any) -> Any:
    text = str(given or "").replace("\r\n", "\n")
    return text if text.strip() else None


def read_number(given: Any) -> Any:
    text = str(given or "").strip()
    return json_text.literal(text) if text else None


def read_yes_no(given: Any) -> Any:
    text = str(given or "").strip()
    return {"true": True, "false": False, "": None}.get(text, text)


def read_json(given: Any) -> Any:
    if isinstance(given, Mapping):
        if given.get("mode") == "rows":
            return read_rows(given, json_text.literal)
        given = given.get("text")
    return json_text.read(str(given or "").replace("\r\n", "\n"))


def read_mapping(given: Any) -> Any:
    if isinstance(given, Mapping) and given.get("mode") == "text":
        return read_json(given.get("text"))
    return read_rows(given, json_text.literal) or None


def read_list(given: Any) -> Any:
    return json_text.read(str(given or ""))


def read_rows(given: Any, read_value: Callable[[str], Any]) -> dict[str, Any]:
    """Rows of name and value; rows without a name are left out."""
    rows = rows_of(given)
    return {
        str(row["key"]).strip(): read_value(str(row.get("value", "")).replace("\r\n", "\n"))
        for row in rows
        if str(row.get("key", "")).strip()
    }


def read_condition(given: Any) -> Any:
    """Rows, one expression, or None for always."""
    if not isinstance(given, Mapping):
        return None
    match given.get("mode"):
        case "all" | "any" as joint:
            return read_group({**given, "joint": joint})
        case "expression":
            return read_text(given.get("expression")) or ""
        case _:
            return None


def read_group(given: Tree) -> dict[str, Any]:
    joint = "any" if given.get("joint") == "any" else "all"
    rows = []
    for row in rows_of(given):
        if "rows" in row or "joint" in row:
            rows.append(read_group(row))
        elif read_row(row):
            rows.append(read_row(row))
    return {joint: [row for row in rows if row]}


def read_row(row: Tree) -> dict[str, Any] | None:
    """One comparison; None while it is not finished."""
    comparison = str(row.get("is", "equals"))
    left, right = str(row.get("left", "")).strip(), str(row.get("right", "")).strip()
    is_finished = left and (right or comparison in ALONE)
    if not is_finished:
        return None
    read: dict[str, Any] = {"left": left, "is": comparison}
    if comparison not in ALONE:
        read["right"] = read_right(right, comparison)
    if row.get("case") == "true":
        read["ignore_case"] = False
    return read


def read_right(text: str, comparison: str) -> Any:
    if comparison in LISTS and "{{" not in text:
        return [json_text.literal(piece.strip()) for piece in text.split(",") if piece.strip()]
    return json_text.literal(text)


def rows_of(given: Any) -> list[Tree]:
    """The rows of a form's part, in order of their numbers."""
    rows = given.get("rows") if isinstance(given, Mapping) else None
    if not isinstance(rows, Mapping):
        return []
    numbered = sorted((int(key), row) for key, row in rows.items() if key.isdecimal())
    return [row for _, row in numbered if isinstance(row, Mapping)]


READERS: Mapping[str, Callable[[Any], Any]] = {
    "number": read_number,
    "yes_no": read_yes_no,
    "json": read_json,
    "mapping": read_mapping,
    "list": read_list,
    "condition": read_condition,
}
