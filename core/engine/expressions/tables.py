"""CSV to objects and back."""

import csv
import io
from typing import Any

from core.engine.expressions.casts import Items
from core.engine.expressions.errors import ExpressionError
from core.engine.expressions.meter import Meter
from core.engine.expressions.values import (
    check_length,
    check_text,
    is_list,
    is_object,
    name,
    read_number,
    to_text,
)

SEPARATORS = (",", ";", "\t", "|")
RISKY = ("=", "+", "-", "@", "\t", "\r")


def read(text: str, separator: str | None, meter: Meter) -> list[dict[str, str]]:
    """An object for each line below the first."""
    text = text.removeprefix("\ufeff")
    mark = _separator(separator) if separator else _guess(text)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    found = []
    header: list[str] = []
    try:
        for row in rows:
            meter.spend(1 + len(row))
            if not row:
                continue
            if not header:
                header = _header(row)
                continue
            if len(row) > len(header):
                raise ExpressionError(f"line {rows.line_num} has more cells than the first line")
            found.append(dict(zip(header, row + [""] * (len(header) - len(row)), strict=True)))
    except csv.Error as error:
        raise ExpressionError(f"line {rows.line_num} is not CSV: {error}") from error
    return found


def write(rows: Items, separator: str, meter: Meter) -> str:
    """A line for each object, or for each list, below the names of the columns."""
    written = io.StringIO(newline="")
    table = csv.writer(written, delimiter=_separator(separator), quoting=csv.QUOTE_ALL)
    if rows and is_object(rows[0]):
        columns = _columns(rows, meter)
        rows = [columns, *([row.get(column) for column in columns] for row in rows)]
    for row in rows:
        if not is_list(row):
            raise ExpressionError(f"a list of objects is expected, but {name(row)} is in it")
        meter.spend(len(row))
        table.writerow([_cell(value, meter) for value in row])
        check_length(written.tell())
    return check_text(written.getvalue())


def _cell(value: Any, meter: Meter) -> str:
    text = to_text(value, meter)
    meter.spend_text(len(text))
    is_harmless = not isinstance(value, str) or read_number(text) is not None
    return text if is_harmless or not text.startswith(RISKY) else f"'{text}"


def _columns(rows: Items, meter: Meter) -> list[str]:
    columns: dict[str, None] = {}
    for row in rows:
        if not is_object(row):
            raise ExpressionError(f"a list of objects is expected, but {name(row)} is in it")
        meter.spend(len(row))
        columns.update(dict.fromkeys(row))
    return list(columns)


def _header(row: list[str]) -> list[str]:
    names = [cell.strip() for cell in row]
    if len(set(names)) < len(names):
        raise ExpressionError("two columns have the same name in the first line")
    return names


def _separator(given: str) -> str:
    if given not in SEPARATORS:
        raise ExpressionError("the separator is ',', ';', '|' or a tab ('\\t')")
    return given


def _guess(text: str) -> str:
    first = text[:10_000].partition("\n")[0]
    return max(SEPARATORS, key=first.count)
