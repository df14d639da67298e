"""YAML 1.2 as a workflow file may use it: plain values, each with the line that it stands on."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Never

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from core.engine.json_reader import LARGEST_INTEGER, LONGEST_NUMBER, MOST_NODES, SMALLEST_INTEGER
from core.engine.reading.shapes import Path, place

LONGEST_FILE = 1_000_000  # characters
DEEPEST = 100  # levels
WORDS: dict[str, bool | None] = {"null": None, "Null": None, "NULL": None, "~": None, "": None}
WORDS |= {"true": True, "True": True, "TRUE": True}
WORDS |= {"false": False, "False": False, "FALSE": False}
INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
NO_NUMBER = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
FORBIDDEN_KEYS = ("__proto__", "constructor", "prototype")
BRACES = 'an expression stands here without quotes: put the value in quotes, as in "{{ … }}"'
UNQUOTED_BRACES = re.compile(r"(?:^|[\s:,\[-])\{\{")


class BadYaml(Exception):
    """Text that is no YAML, or more YAML than a workflow file may use."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


@dataclass(frozen=True, slots=True)
class Parsed:
    """The value of a file, and the lines of everything in it by path."""

    value: Any
    lines: dict[str, int]

    def line_of(self, path: str) -> int:
        """The line of what stands at the path, or of what it would stand in."""
        while path and path not in self.lines:
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return self.lines.get(path, 1)


def parse(text: str) -> Parsed:
    """The value of the text; raises BadYaml at the first thing that can't be."""
    if len(text) > LONGEST_FILE:
        raise BadYaml(f"the file has more than {LONGEST_FILE:,} characters", 1)
    try:
        return Builder(text).build()
    except MarkedYAMLError as error:
        raise in_words(error, text) from error
    except (YAMLError, ValueError) as error:
        raise BadYaml(f"this is not YAML: {str(error).splitlines()[0]}", 1) from error


def reads_otherwise(text: str) -> bool:
    """Whether this text without quotes is a number, yes, no or nothing."""
    return text in WORDS or any(form.fullmatch(text) for form in (INTEGER, FLOAT, NO_NUMBER))


def in_words(error: MarkedYAMLError, text: str) -> BadYaml:
    """The parser's complaint, with the usual reason for it."""
    marks = [mark for mark in (error.problem_mark, error.context_mark) if mark]
    lines = text.splitlines()
    for mark in marks:
        if mark.line < len(lines) and UNQUOTED_BRACES.search(outside_quotes(lines[mark.line])):
            return BadYaml(BRACES, mark.line + 1)
    problem = error.problem or error.context or "it can't be read"
    if "mapping values are not allowed" in problem:
        problem = "a value that holds “: ” must be in quotes"
    return BadYaml(f"this is not YAML: {problem}", marks[0].line + 1 if marks else 1)


def outside_quotes(line: str) -> str:
    return re.sub(r"'[^']*'|\"(?:[^\"\\]|\\.)*\"", "''", line)


class Builder:
    """Builds plain values from the parser's events, refusing what would surprise."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.events: Iterator[Event] = iter(YAML(typ="safe", pure=True).parse(text))
        self.lines: dict[str, int] = {}
        self.count = 0

    def build(self) -> Parsed:
        value, documents = None, 0
        for event in self.events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self.refuse(event, "one workflow a file: take the second “---” out")
                value = self.value(next(self.events), ())
        return Parsed(value, self.lines)

    def refuse(self, event: Event, message: str) -> Never:
        raise BadYaml(message, event.start_mark.line + 1)

    def value(self, event: Event, path: Path) -> Any:
        self.check(event, path)
        self.lines.setdefault(place(path), event.start_mark.line + 1)
        match event:
            case ScalarEvent():
                return self.scalar(event)
            case SequenceStartEvent():
                return self.sequence(path)
            case MappingStartEvent():
                return self.mapping(path)
        self.refuse(event, "a value is missing here")

    def check(self, event: Event, path: Path) -> None:
        self.count += 1
        if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
            self.refuse(event, "anchors (&) and aliases (*) are not used here: write it out")
        if getattr(event, "tag", None):
            self.refuse(event, "tags (!) are not used here: put the value in quotes")
        if self.count > MOST_NODES:
            self.refuse(event, f"the file has more than {MOST_NODES:,} values")
        if len(path) > DEEPEST:
            self.refuse(event, f"the file lies more than {DEEPEST} levels deep")

    def sequence(self, path: Path) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self.events), SequenceEndEvent):
            items.append(self.value(event, (*path, len(items))))
        return items

    def mapping(self, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not isinstance(event := next(self.events), MappingEndEvent):
            key = self.key(event, path)
            if key in found:
                self.refuse(event, f"the key “{key}” stands here twice")
            self.lines[place((*path, key))] = event.start_mark.line + 1
            found[key] = self.value(next(self.events), (*path, key))
        return found

    def key(self, event: Event, path: Path) -> str:
        if isinstance(event, MappingStartEvent) and event.flow_style:
            self.refuse(event, BRACES)
        if not isinstance(event, ScalarEvent):
            self.refuse(event, "a key must be text")
        self.check(event, path)
        if event.value in FORBIDDEN_KEYS:
            self.refuse(event, f"a key can't be called “{event.value}”")
        return self.text_of(event)

    def scalar(self, event: ScalarEvent) -> Any:
        text = event.value
        if event.style is not None:
            return self.text_of(event)
        if text in WORDS:
            return WORDS[text]
        if NO_NUMBER.fullmatch(text):
            self.refuse(event, f"{text} is not a number that can be used: put it in quotes")
        if INTEGER.fullmatch(text):
            return self.integer(event)
        if FLOAT.fullmatch(text):
            return self.float(event)
        return self.text_of(event)

    def text_of(self, event: ScalarEvent) -> str:
        text: str = event.value
        if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
            self.refuse(event, "this text holds a character that can't be kept")
        return text

    def integer(self, event: ScalarEvent) -> int:
        number = int(event.value[:LONGEST_NUMBER], 0 if event.value[:2] in ("0o", "0x") else 10)
        if not SMALLEST_INTEGER <= number <= LARGEST_INTEGER:
            self.refuse(event, "this number has more than 64 bits: put it in quotes")
        return number

    def float(self, event: ScalarEvent) -> float:
        number = float(event.value)
        if number in (float("inf"), float("-inf")):
            self.refuse(event, "this number is too large: put it in quotes")
        return number
