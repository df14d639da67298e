"""What is wrong with an author's code, before it runs: its language, its names, its limits."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from core.engine import code
from core.engine.checking.problem import Place, Problem
from core.engine.checking.surroundings import Surroundings
from core.engine.fields import Field


def code_problems(
    fields: Iterable[Field], values: Mapping[str, Any], place: Place, around: Surroundings
) -> Iterator[Problem]:
    """The problems of a step that has a field for code."""
    source = next((values.get(field.key) for field in fields if field.kind == "code"), None)
    if not isinstance(source, str):
        return
    if source and not source.strip():
        yield place.inner("code").error("required", "the code is empty; write what it returns")
    names = values.get("values")
    for _, message in code.name_problems(names):
        yield place.inner("values").error("code_name", message)
    for _, message in code.limit_problems(values.get("limits")):
        yield place.inner("limits").error("code_limit", message)
    yield from _source_problems(source, names, place.inner("code"), around)


def _source_problems(
    source: str, names: Any, here: Place, around: Surroundings
) -> Iterator[Problem]:
    if len(source) > code.MOST_CODE:
        message = f"the code is longer than {code.MOST_CODE:,} characters"
        yield here.error("code_too_long", message)
    elif source.strip() and not _has_open_names(names):
        known = tuple(sorted(str(name) for name in names or () if str(name).isidentifier()))
        for wrong in around.read_code(source, known):
            message = f"line {wrong.line}, column {wrong.column}: {wrong.message}"
            yield here.error("code", message, wrong.column)


def _has_open_names(names: Any) -> bool:
    """Whether it shows only in a run which values the code is given."""
    return names is not None and not isinstance(names, Mapping)
