"""Numbers in addresses and forms: one that no row can have is no number."""

from typing import Any

from flask import Flask
from werkzeug.routing import IntegerConverter

LARGEST = 2**63 - 1


def read(text: str) -> int | None:
    """The number that a text is, if a database can be asked for it."""
    if not text.isdecimal() or len(text) > len(str(LARGEST)) or int(text) > LARGEST:
        return None
    return int(text)


class RowNumber(IntegerConverter):
    """`<int:…>` up to what a database can be asked for."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **{"max": LARGEST, **options})


def install(app: Flask) -> None:
    """Let every rule's numbers be such ones."""
    app.url_map.converters["int"] = RowNumber
