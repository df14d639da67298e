"""The name of a run in lists, as its workflow's settings make it."""

from collections.abc import Callable, Mapping
from typing import Any

from core.engine.expressions import ExpressionError, parse
from core.runtime import definitions

LONGEST = 200


def title(version_id: int, make_scope: Callable[[], Mapping[str, Any]]) -> str:
    """The run's name; one that can't be made is simply left out."""
    template = definitions.of_version(version_id).settings.get("run_title")
    if not template:
        return ""
    try:
        value = parse(template).evaluate(make_scope())
    except ExpressionError:
        return ""
    return "" if value is None else str(value).replace("\0", "")[:LONGEST]
