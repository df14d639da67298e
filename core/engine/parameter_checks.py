"""What keeps declared parameters from being used: every problem, with its place."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from core.engine.parameter_types import TYPES, Unfit
from core.engine.parameters import RESERVED, Parameter, cast, compiled

KEYS: Final = frozenset(
    {"key", "type", "list", "optional", "default", "in", "min", "max", "pattern", "choices"}
)
MOST_PARAMETERS: Final = 200
LONGEST_KEY: Final = 100
TEXT_TYPES: Final = ("text", "email", "url")
MEASURED_TYPES: Final = (*TEXT_TYPES, "number", "date")

Problem = tuple[str, str]


def problems(raw: Any, path: str = "parameters") -> list[Problem]:
    """Everything wrong with a file's `parameters`, as (path, sentence)."""
    if not isinstance(raw, list):
        return [(path, "must be a list of parameters")]
    if len(raw) > MOST_PARAMETERS:
        return [(path, f"has {len(raw)} parameters; {MOST_PARAMETERS} are the most")]
    found: list[Problem] = []
    seen: set[str] = set()
    for index, value in enumerate(raw):
        place = f"{path}[{index}]"
        if not isinstance(value, Mapping):
            found.append((place, "must be a parameter: {key, type, …}"))
            continue
        found += key_problems(value, place, seen) + list(shape_problems(value, place))
    return found


def key_problems(value: Mapping[str, Any], place: str, seen: set[str]) -> list[Problem]:
    key = value.get("key")
    if not isinstance(key, str) or not key or len(key) > LONGEST_KEY:
        return [(f"{place}.key", f"must be a text of 1 to {LONGEST_KEY} characters")]
    if key in RESERVED:
        return [(f"{place}.key", f"“{key}” is reserved: a call's own trigger.{key} has this name")]
    if key in seen:
        return [(f"{place}.key", f"“{key}” is declared twice")]
    seen.add(key)
    return []


def shape_problems(value: Mapping[str, Any], place: str) -> Iterator[Problem]:
    for name in value:
        if name not in KEYS:
            yield f"{place}.{name}", f"unknown key “{name}”"
    for name in ("list", "optional"):
        if not isinstance(value.get(name, False), bool):
            yield f"{place}.{name}", "must be true or false"
    if value.get("in", "body") not in ("body", "query"):
        yield f"{place}.in", "must be body or query"
    kind = value.get("type", "text")
    if not isinstance(kind, str) or kind not in TYPES:
        yield f"{place}.type", f"unknown type {kind}; known are {', '.join(TYPES)}"
        return
    rules = list(rule_problems(value, kind, place))
    yield from rules
    if not rules and isinstance(value.get("key"), str):
        yield from default_problems(value, place)


def rule_problems(value: Mapping[str, Any], kind: str, place: str) -> Iterator[Problem]:
    yield from limit_problems(value, kind, place)
    pattern = value.get("pattern")
    if pattern is not None:
        yield from pattern_problems(pattern, kind, f"{place}.pattern")
    choices = value.get("choices")
    if choices is None:
        return
    if not isinstance(choices, list) or not choices or kind == "object":
        yield f"{place}.choices", f"must be a list of at least one value of type {kind}"
        return
    for index, choice in enumerate(choices):
        yield from value_problems(Parameter("", kind), choice, f"{place}.choices[{index}]")


def limit_problems(value: Mapping[str, Any], kind: str, place: str) -> Iterator[Problem]:
    measure = kind if kind in ("number", "date") else "number"
    low_and_high = []
    for name in ("min", "max"):
        given = value.get(name)
        if given is None:
            continue
        if kind not in MEASURED_TYPES:
            yield f"{place}.{name}", f"a parameter of type {kind} has no {name}"
            return
        wrong = list(value_problems(Parameter("", measure), given, f"{place}.{name}"))
        if not wrong and measure == "number" and isinstance(given, str):
            wrong = [(f"{place}.{name}", "must be a number without quotes")]
        yield from wrong
        if not wrong:
            low_and_high.append(cast(Parameter("", measure), given, as_text=False, timezone="UTC"))
    if len(low_and_high) == 2 and low_and_high[0] > low_and_high[1]:
        yield f"{place}.min", "is greater than max"


def pattern_problems(pattern: Any, kind: str, place: str) -> Iterator[Problem]:
    if kind not in TEXT_TYPES:
        yield place, f"a parameter of type {kind} has no pattern"
    elif not isinstance(pattern, str):
        yield place, "must be a regular expression as text"
    else:
        try:
            compiled(pattern)
        except ValueError as error:
            yield place, str(error)


def default_problems(value: Mapping[str, Any], place: str) -> Iterator[Problem]:
    if value.get("default") is not None:
        yield from value_problems(Parameter.from_json(value), value["default"], f"{place}.default")


def value_problems(parameter: Parameter, given: Any, place: str) -> Iterator[Problem]:
    try:
        cast(parameter, given, as_text=False, timezone="UTC")
    except Unfit as unfit:
        yield place, str(unfit)
