"""Which version of the product this is."""

import tomllib
from functools import cache
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent / "pyproject.toml"


@cache
def version() -> str:
    """The version that pyproject.toml states."""
    number: str = tomllib.loads(PROJECT.read_text())["project"]["version"]
    return number
