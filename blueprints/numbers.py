"""Numbers in addresses: one that no row can have is an address that isn't there."""

from typing import Any

from flask import Flask
from werkzeug.routing import IntegerConverter

LARGEST = 2**63 - 1


class RowNumber(IntegerConverter):
    """`<int:…>` up to what a database can be asked for."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **{"max": LARGEST, **options})


def install(app: Flask) -> None:
    """Let every rule's numbers be such ones."""
    app.url_map.converters["int"] = RowNumber
