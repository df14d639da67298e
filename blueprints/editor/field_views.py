"""What a step's form shows for each declared field, and for conditions."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from blueprints.editor import json_text, wording
from core.engine.fields import Field

PLAIN = (str, int, float, bool, type(None))
LONGEST_ROWS = 60


@dataclass(frozen=True, slots=True)
class Row:
    """A name and its value."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class ConditionRow:
    """One comparison, or a group of them."""

    left: str = ""
    comparison: str = "equals"
    right: str = ""
    is_case_kept: bool = False
    group: "ConditionView | None" = None

    @property
    def is_alone(self) -> bool:
        """Whether there is nothing to compare with."""
        return self.comparison in wording.ALONE


@dataclass(frozen=True, slots=True)
class ConditionView:
    """A condition as its form shows it; mode is always, rows or expression."""

    name: str
    mode: str
    joint: str = "all"
    rows: tuple[ConditionRow, ...] = ()
    expression: str = ""
    sentence: tuple[tuple[str, bool], ...] = ()

    @property
    def choice(self) -> str:
        """What the select above it says: all, any, expression or always."""
        return self.joint if self.mode == "rows" else self.mode


@dataclass(frozen=True, slots=True)
class FieldView:
    """One field of the form with what stands in it."""

    name: str
    label: str
    kind: str
    value: Any
    text: str = ""
    mode: str = ""
    rows: tuple[Row, ...] = ()
    condition: ConditionView | None = None
    choices: tuple[tuple[str, str], ...] = ()
    help: str = ""
    placeholder: str = ""
    is_required: bool = True
    is_advanced: bool = False
    is_shown: bool = True
    shown_when: str = ""
    problem: str = ""
    is_warning: bool = False
    can_be_rows: bool = False
    links: tuple[tuple[str, str], ...] = ()

    @property
    def id(self) -> str:
        """The control's id on the page."""
        return "field-" + self.name.replace(".", "-")


def field_view(
    field: Field,
    inputs: Mapping[str, Any],
    defaults: Mapping[str, Any],
    *,
    problem: Any = None,
    choices: Sequence[tuple[str, str]] | None = None,
    names: Mapping[str, str] | None = None,
    blank: bool = False,
    mode: str = "",
    room: str = "inputs",
) -> FieldView:
    """A field with its value; `blank` adds an empty row to fill, `mode` says how to draw it."""
    value = inputs.get(field.key, defaults.get(field.key))
    name = f"{room}.{field.key}"
    kind, mode, rows = shape_of(field.kind, value, blank, mode)
    return FieldView(
        name,
        field.label,
        kind,
        value,
        text=text_of(field.kind, value),
        mode=mode,
        rows=rows,
        condition=condition_view(name, value, names or {}, blank=name if blank else "")
        if field.kind == "condition"
        else None,
        can_be_rows=is_flat(value),
        choices=tuple(field.choices if choices is None else choices),
        help=field.help,
        placeholder=field.placeholder,
        is_required=field.required,
        is_advanced=field.advanced,
        is_shown=field.is_shown(inputs, defaults),
        shown_when=shown_when(field, room),
        problem=problem.message if problem else "",
        is_warning=bool(problem) and problem.severity != "error",
    )


def shown_when(field: Field, room: str) -> str:
    """For the page's script: the other field and the values with which this one matters."""
    if field.shown_when is None:
        return ""
    key, values = field.shown_when
    texts = ["" if value is None else str(value) for value in values]
    return json.dumps({"name": f"{room}.{key}", "values": texts})


def shape_of(kind: str, value: Any, blank: bool, mode: str) -> tuple[str, str, tuple[Row, ...]]:
    """How a value of this kind is edited: the control, its mode, its rows."""
    if kind in ("json", "mapping"):
        is_text = mode == "text" or not is_flat(value)
        return kind, "text" if is_text else "rows", rows_of(value, blank=blank)
    if kind == "yes_no" and not isinstance(value, bool | None):
        return "text", "", ()
    return kind, "", ()


def is_flat(value: Any) -> bool:
    """Whether rows of name and value can show it."""
    if value is None:
        return True
    fits = isinstance(value, Mapping) and len(value) <= LONGEST_ROWS
    return fits and all(isinstance(inner, PLAIN) for inner in value.values())


def rows_of(value: Any, *, blank: bool = False) -> tuple[Row, ...]:
    """A flat mapping as rows; at least one."""
    given = value.items() if isinstance(value, Mapping) else ()
    rows = tuple(Row(str(key), json_text.write_literal(inner)) for key, inner in given)
    return (*rows, Row("", "")) if blank or not rows else rows


def text_of(kind: str, value: Any) -> str:
    """A value as the text of its control."""
    if value is None:
        return ""
    if kind in ("json", "mapping", "list") or not isinstance(value, str):
        return json_text.write(value)
    return value


def condition_view(
    name: str, value: Any, names: Mapping[str, str], *, blank: str = ""
) -> ConditionView:
    """A condition with its rows, read back as a sentence; `blank` names who gets an empty row."""
    if isinstance(value, Mapping):
        joint = "any" if "any" in value else "all"
        rows = condition_rows(name, value.get(joint) or [], names, blank)
        if blank == name or not rows:
            rows = (*rows, ConditionRow())
        pieces = tuple(wording.sentence(value, names))
        return ConditionView(name, "rows", joint, rows, sentence=pieces)
    if value is None:
        return ConditionView(name, "always")
    text = value if isinstance(value, str) else json.dumps(value)
    return ConditionView(name, "expression", expression=text)


def condition_rows(
    name: str, rows: Sequence[Mapping[str, Any]], names: Mapping[str, str], blank: str
) -> tuple[ConditionRow, ...]:
    return tuple(
        condition_row(f"{name}.rows.{number}", row, names, blank) for number, row in enumerate(rows)
    )


def condition_row(
    name: str, row: Mapping[str, Any], names: Mapping[str, str], blank: str
) -> ConditionRow:
    if "all" in row or "any" in row:
        return ConditionRow(group=condition_view(name, row, names, blank=blank))
    right = row.get("right")
    if isinstance(right, list):
        right_text = ", ".join(json_text.write_literal(item) for item in right)
    else:
        right_text = json_text.write_literal(right)
    return ConditionRow(
        json_text.write_literal(row.get("left")),
        str(row.get("is", "equals")),
        right_text,
        row.get("ignore_case") is False,
    )
