"""What commands print: tables for people, JSON for programs."""

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from blueprints.cli import Refused


def print_rows(rows: Sequence[Mapping[str, Any]], *, as_json: bool, columns: str) -> None:
    """All rows as a JSON array, or these columns as a table."""
    if as_json:
        print_json(list(rows))
        return
    names = columns.split()
    lines = [names] + [[cell(row[name]) for name in names] for row in rows]
    widths = [max(len(line[at]) for line in lines) for at in range(len(names))]
    for line in lines:
        print(
            "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        )


def print_json(value: Any) -> None:
    """A value as JSON, readable."""
    print(json.dumps(value, indent=2, ensure_ascii=False, default=cell))


def cell(value: Any) -> str:
    """A value in a table."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return moment(value) or ""
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, default=cell)
    if isinstance(value, (list, tuple)):
        return ", ".join(cell(part) for part in value)
    return str(value)


def moment(value: datetime | None) -> str | None:
    """A moment as text, in UTC to the millisecond."""
    if value is None:
        return None
    return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_secret(what: str, *, from_stdin: bool) -> str:
    """A secret from standard input, or asked for on a terminal; it is never an argument."""
    if from_stdin:
        return sys.stdin.read().rstrip("\n")
    if not sys.stdin.isatty():
        raise Refused(f"Give the {what} on standard input, with --{what}-stdin.")
    from getpass import getpass

    return getpass(f"{what.capitalize()}: ")
