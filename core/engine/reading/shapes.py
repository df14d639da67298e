"""What a JSON value must look like: one description that checks it and becomes JSON Schema."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Protocol

from core.engine import durations

Path = tuple[str | int, ...]


@dataclass(slots=True)
class Report:
    """Collects all problems with the path of the value to blame."""

    problems: list[tuple[str, str]] = field(default_factory=list)

    def add(self, path: Path, message: str) -> None:
        """Note one problem."""
        self.problems.append((place(path), message))


class Shape(Protocol):
    """What a value at one place must look like."""

    def check(self, value: Any, path: Path, report: Report) -> None:
        """Report everything that is wrong with the value."""

    def schema(self) -> dict[str, Any]:
        """The same as JSON Schema."""


def place(path: Path) -> str:
    """A path as text: `steps[0].inputs.url`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def kind(value: Any) -> str:
    """What a JSON value is, in words."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "yes or no"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case Mapping():
            return "a group"
    return "a list"


def did_you_mean(word: str, known: Any) -> str:
    """The end of a sentence about an unknown word, if a known one is near."""
    near = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean “{near[0]}”?" if near else ""


class Anything:
    """Any JSON value; text in it may hold expressions."""

    def check(self, value: Any, path: Path, report: Report) -> None:
        """All is well."""

    def schema(self) -> dict[str, Any]:
        """As JSON Schema."""
        return {}


@dataclass(frozen=True, slots=True)
class Text:
    """Text, perhaps of a certain form; `says` is what the form looks like."""

    pattern: str = ""
    says: str = ""
    longest: int = 10_000

    def check(self, value: Any, path: Path, report: Report) -> None:
        """Text of that form and no longer than allowed."""
        if not isinstance(value, str):
            report.add(path, f"must be text, not {kind(value)}")
        elif len(value) > self.longest:
            report.add(path, f"must have at most {self.longest:,} characters")
        elif self.pattern and not re.fullmatch(self.pattern, value):
            report.add(path, self.says)

    def schema(self) -> dict[str, Any]:
        """As JSON Schema."""
        limits = {"maxLength": self.longest}
        return {"type": "string"} | ({"pattern": f"^{self.pattern}$"} if self.pattern else limits)


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words or numbers."""

    values: tuple[str | int, ...]
    refused: Mapping[str, str] = field(default_factory=dict)  # value → why it is not there yet

    def check(self, value: Any, path: Path, report: Report) -> None:
        """One of the values, and of their type."""
        if isinstance(value, str) and value in self.refused:
            report.add(path, self.refused[value])
        elif isinstance(value, bool) or value not in self.values:
            near = did_you_mean(value, map(str, self.values)) if isinstance(value, str) else ""
            allowed = ", ".join(map(str, self.values))
            report.add(path, f"must be one of {allowed}" + near)

    def schema(self) -> dict[str, Any]:
        """As JSON Schema."""
        return {"enum": list(self.values)}


class YesNo:
    """true or false."""

    def check(self, value: Any, path: Path, report: Report) -> None:
        """Nothing but a boolean."""
        if not isinstance(value, bool):
            report.add(path, f"must be true or false, not {kind(value)}")

    def schema(self) -> dict[str, Any]:
        """As JSON Schema."""
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class Number:
    """A number within limits, perhaps whole."""

    minimum: float | None = None
    maximum: float | None = None
    is_whole: bool = False

    def check(self, value: Any, path: Path, report: Report) -> None:
        """A number, not text that looks like one."""
        allowed = (int,) if self.is_whole else (int, float)
        if isinstance(value, bool) or not isinstance(value, allowed):
            report.add(path, f"must be a {'whole ' * self.is_whole}number, not {kind(value)}")
        elif self.minimum is not None and value < self.minimum:
            report.add(path, f"must be at least {self.minimum:,}")
        elif self.maximum is not None and value > self.maximum:
            report.add(path, f"must be at most {self.maximum:,}")

    def schema(self) -> dict[str, Any]:
        """As JSON Schema."""
        limits = {"minimum": self.minimum, "maximum": self.maximum}
        given = {key: limit for key, limit in limits.items() if limit is not None}
        return {"type": "integer" if self.is_whole else "number"} | given


class Duration:
    """A length of time such as 30s, 15m, 2h or 7d."""

    def check(self, value: Any, path: Path, report: Report) -> None:
        """Text that is a length of time."""
        if not isinstance(value, str):
            report.add(path, f"must be a length of time such as 30s or 5m, not {kind(value)}")
            return
        try:
            durations.parse(value)
        except (ValueError, OverflowError):
            report.add(path, f"“{value}” is not a length of time; write it as 30s, 5m, 2h or 7d")

    def schema(self) -> dict[str, Any]:
        """As JSON Schema."""
        return {"type": "string", "examples": ["30s", "5m", "2h", "7d"]}


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of values of one shape."""

    item: Shape
    longest: int = 1000

    def check(self, value: Any, path: Path, report: Report) -> None:
        """A list whose items are right."""
        if not isinstance(value, list):
            report.add(path, f"must be a list, not {kind(value)}")
        elif len(value) > self.longest:
            report.add(path, f"must have at most {self.longest:,} entries")
        else:
            for position, item in enumerate(value):
                self.item.check(item, (*path, position), report)

    def schema(self) -> dict[str, Any]:
        """As JSON Schema."""
        return {"type": "array", "items": self.item.schema(), "maxItems": self.longest}


@dataclass(frozen=True, slots=True)
class NotBuilt:
    """What the file may say one day; refused with a plain sentence until then."""

    what: str

    def check(self, value: Any, path: Path, report: Report) -> None:
        """Always refused."""
        report.add(path, f"{self.what} not built yet in this version; take this out")

    def schema(self) -> dict[str, Any]:
        """As JSON Schema: nothing fits."""
        return {"not": {}}


@dataclass(frozen=True, slots=True)
class Group:
    """An object with known keys."""

    keys: Mapping[str, Shape]
    required: tuple[str, ...] = ()
    what: str = "key"

    def check(self, value: Any, path: Path, report: Report) -> None:
        """An object without unknown keys, whose values are right."""
        if not isinstance(value, Mapping):
            report.add(path, f"must be a group of keys and values, not {kind(value)}")
            return
        for key in value:
            if key not in self.keys:
                near = did_you_mean(str(key), self.keys)
                report.add((*path, str(key)), f"unknown {self.what} “{key}”{near}")
            else:
                self.keys[key].check(value[key], (*path, key), report)
        for key in self.required:
            if key not in value:
                report.add(path, f"“{key}” is missing")

    def schema(self) -> dict[str, Any]:
        """As JSON Schema, without what is not built."""
        built = {key: s for key, s in self.keys.items() if not isinstance(s, NotBuilt)}
        schema: dict[str, Any] = {
            "type": "object",
            "properties": {key: shape.schema() for key, shape in built.items()},
            "additionalProperties": False,
        }
        return schema | ({"required": list(self.required)} if self.required else {})


@dataclass(frozen=True, slots=True)
class Also:
    """A shape with a further check that needs the whole value."""

    shape: Shape
    rule: Callable[[Any, Path, Report], None]

    def check(self, value: Any, path: Path, report: Report) -> None:
        """The shape first; the rule only sees values of the right shape."""
        before = len(report.problems)
        self.shape.check(value, path, report)
        if len(report.problems) == before:
            self.rule(value, path, report)

    def schema(self) -> dict[str, Any]:
        """As JSON Schema, which can't say the rule."""
        return self.shape.schema()
