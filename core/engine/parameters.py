"""Declared parameters: what a caller sends becomes values, or a list of all that is wrong."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

import re2

from core.engine.errors import DefinitionError
from core.engine.parameter_types import TYPES, Unfit, article, cast_list

MISSING: Final = "MISSING_DATA"
INVALID: Final = "INVALID"
RESERVED: Final = frozenset({"headers", "query", "body", "caller"})
LONGEST_PATTERN: Final = 500

Texts = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One value that a workflow is started with."""

    key: str
    type: str = "text"
    is_list: bool = False
    optional: bool = False
    default: Any = None
    in_query: bool = False
    minimum: Any = None
    maximum: Any = None
    pattern: str | None = None
    choices: tuple[Any, ...] = ()

    @property
    def is_required(self) -> bool:
        """Whether a call without it is refused."""
        return not self.optional and self.default is None

    @property
    def type_words(self) -> str:
        """The type as a refusal names it."""
        word = self.type.replace("_", "/")
        return f"list of {word}" if self.is_list else word

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Parameter":
        """From an already checked mapping."""
        if value.get("type", "text") not in TYPES:
            raise DefinitionError(f"unknown type {value['type']}")
        return cls(
            value["key"],
            value.get("type", "text"),
            bool(value.get("list", False)),
            bool(value.get("optional", False)),
            value.get("default"),
            value.get("in") == "query",
            value.get("min"),
            value.get("max"),
            value.get("pattern"),
            tuple(value.get("choices") or ()),
        )

    def to_json(self) -> dict[str, Any]:
        """As the workflow file writes it: only what differs from the defaults."""
        written: dict[str, Any] = {"key": self.key, "type": self.type}
        flags = {"list": self.is_list, "optional": self.optional}
        written |= {name: True for name, is_set in flags.items() if is_set}
        options = {
            "default": self.default,
            "in": "query" if self.in_query else None,
            "min": self.minimum,
            "max": self.maximum,
            "pattern": self.pattern,
            "choices": list(self.choices) or None,
        }
        return written | {name: value for name, value in options.items() if value is not None}


@dataclass(frozen=True, slots=True)
class BadParameter:
    """Why one parameter keeps a call from becoming a run."""

    parameter: str
    code: str
    message: str
    expected: str = ""


def declared(raw: Iterable[Mapping[str, Any]] | None) -> list[Parameter]:
    """The parameters of an already checked definition."""
    return [Parameter.from_json(value) for value in raw or ()]


def all_in_query(parameters: Iterable[Parameter]) -> list[Parameter]:
    """The same parameters, read from the query: a GET has no body."""
    return [replace(parameter, in_query=True) for parameter in parameters]


def read(
    parameters: Iterable[Parameter],
    body: Mapping[str, Any] | None = None,
    *,
    form: Texts | None = None,
    query: Texts | None = None,
    timezone: str = "UTC",
) -> tuple[dict[str, Any], list[BadParameter]]:
    """The value of every parameter, and everything that is wrong with what came.

    Without `query` all values come from `body`, wherever a call would have to put them.
    """
    values: dict[str, Any] = {}
    bad: list[BadParameter] = []
    for parameter in parameters:
        from_query = parameter.in_query and query is not None
        texts = query if from_query else form
        given = texts.get(parameter.key) if texts is not None else (body or {}).get(parameter.key)
        try:
            values[parameter.key] = value_of(parameter, given, texts is not None, timezone)
        except Unfit as unfit:
            message = f"“{parameter.key}” {unfit}"
            bad.append(BadParameter(parameter.key, INVALID, message, parameter.type_words))
        except Missing:
            message = f"“{parameter.key}” is missing"
            bad.append(BadParameter(parameter.key, MISSING, message, parameter.type_words))
    return values, bad


def read_parameters(
    raw: Iterable[Mapping[str, Any]] | None, given: Mapping[str, Any], timezone: str = "UTC"
) -> tuple[dict[str, Any], list[BadParameter]]:
    """The same for starts that are no calls: a schedule, another workflow, a person."""
    return read(declared(raw), given, timezone=timezone)


def read_typed(
    parameters: Iterable[Parameter], typed: Texts, timezone: str
) -> tuple[dict[str, Any], list[BadParameter]]:
    """The same for a form that a person fills in: what is left blank is not given."""
    filled = {key: texts for key, texts in typed.items() if any(text.strip() for text in texts)}
    return read(parameters, form=filled, timezone=timezone)


class Missing(Exception):
    """A required parameter did not come."""


def value_of(parameter: Parameter, given: Any, as_text: bool, timezone: str) -> Any:
    if as_text and given and not parameter.is_list:
        given = the_only(given)
        if given == "" and not parameter.is_required and parameter.type != "text":
            given = None  # an optional field that was left empty in a form
    if given is None or (as_text and given == []):
        if parameter.is_required:
            raise Missing
        if parameter.default is None:
            return None
        given, as_text = parameter.default, False
    return cast(parameter, given, as_text=as_text, timezone=timezone)


def the_only(given: Sequence[str]) -> str:
    if len(given) > 1:
        raise Unfit(f"must come once, not {len(given)} times")
    return given[0]


def cast(parameter: Parameter, given: Any, *, as_text: bool, timezone: str) -> Any:
    """A value of the parameter's type within its limits; raises Unfit."""
    if not parameter.is_list:
        return cast_one(parameter, given, as_text=as_text, timezone=timezone)
    values = []
    for position, item in enumerate(cast_list(given, as_text=as_text), start=1):
        try:
            values.append(cast_one(parameter, item, as_text=as_text, timezone=timezone))
        except Unfit as unfit:
            raise Unfit(f"item {position} {unfit}") from unfit
    return values


def cast_one(parameter: Parameter, given: Any, *, as_text: bool, timezone: str) -> Any:
    value = TYPES[parameter.type](given, as_text=as_text, zone=timezone)
    check_limits(parameter, value, timezone)
    if parameter.pattern is not None and not compiled(parameter.pattern).fullmatch(value):
        raise Unfit(f"must match {parameter.pattern}")
    if parameter.choices and value not in choices_of(parameter, timezone):
        listed = ", ".join(str(choice) for choice in parameter.choices)
        raise Unfit(f"must be one of {listed}; not {article(value)}")
    return value


def check_limits(parameter: Parameter, value: Any, timezone: str) -> None:
    measured, unit = measure(parameter, value)
    if parameter.minimum is not None and measured < limit(parameter, "minimum", timezone):
        raise Unfit(f"must be at least {parameter.minimum}{unit}")
    if parameter.maximum is not None and measured > limit(parameter, "maximum", timezone):
        raise Unfit(f"must be at most {parameter.maximum}{unit}")


def measure(parameter: Parameter, value: Any) -> tuple[Any, str]:
    """What limits are compared with: numbers and dates as they are, text by its length."""
    if parameter.type in ("number", "date"):
        return value, ""
    return (len(value), " characters long") if isinstance(value, str) else (value, "")


def limit(parameter: Parameter, name: str, timezone: str) -> Any:
    value = getattr(parameter, name)
    if parameter.type == "date":
        return TYPES["date"](value, as_text=False, zone=timezone)
    return value


def choices_of(parameter: Parameter, timezone: str) -> list[Any]:
    caster = TYPES[parameter.type]
    return [caster(choice, as_text=False, zone=timezone) for choice in parameter.choices]


@lru_cache(maxsize=500)
def compiled(pattern: str) -> Any:
    """The regular expression; RE2, so a caller's text can't make it slow. Raises ValueError."""
    options = re2.Options()
    options.log_errors = False
    if len(pattern) > LONGEST_PATTERN:
        raise ValueError(f"a pattern may have {LONGEST_PATTERN} characters at most")
    try:
        return re2.compile(pattern, options=options)
    except re2.error as error:
        raise ValueError(f"not a regular expression: {words(error)}") from error


def words(error: Exception) -> str:
    """What RE2 says, which it says in bytes."""
    said = error.args[0] if error.args else ""
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
