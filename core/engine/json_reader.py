"""A strict JSON reader without recursion: slow, exact, and it names the place of a mistake."""

import math
import re
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any, Final

MOST_LEVELS: Final = 64
MOST_NODES: Final = 100_000
LONGEST_NUMBER: Final = 64
SMALLEST_INTEGER: Final = -(2**63)
LARGEST_INTEGER: Final = 2**63 - 1

SPACE = re.compile(r"[ \t\n\r]*+")
INSIDE_TEXT = re.compile(
    r'(?:[^"\\\x00-\x1f]++|\\["\\/bfnrt]|\\u(?!0000|[dD][89a-fA-F])[0-9a-fA-F]{4}'
    r"|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})*+"
)
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*+)(\.[0-9]++)?([eE][+-]?[0-9]++)?")
NOT_IN_JSON = re.compile(r"[+-]?(?:NaN|Infinity)\b")
HEX = re.compile(r"[0-9a-fA-F]{4}")
WORDS: Final[dict[str, Any]] = {"true": True, "false": False, "null": None}
UNFINISHED: Final = object()


class JsonRefused(ValueError):
    """JSON that is not let in: why, and where (no place for a value that never was text)."""

    def __init__(self, message: str, line: int | None, column: int | None, code: str) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column
        self.code = code

    def __str__(self) -> str:
        if self.line is None:
            return self.message
        return f"line {self.line}, column {self.column}: {self.message}"


def refusal_at(text: str, at: int, message: str, code: str) -> JsonRefused:
    """A refusal that names the line and column of a position."""
    line = text.count("\n", 0, at) + 1
    column = at - text.rfind("\n", 0, at)
    return JsonRefused(message, line, column, code)


def is_too_long(number: str) -> bool:
    """Whether a number's text is longer than a number ever is; leading zeros don't count."""
    return len(number) > LONGEST_NUMBER and len(number.lstrip("-0.")) > LONGEST_NUMBER


class StrictReader:
    """Reads one JSON text; open lists and objects wait on a stack of its own."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.nodes = 0
        self.opened: list[list[Any] | dict[str, Any]] = []
        self.keys: list[str] = []

    def read(self) -> Any:
        """The value, or JsonRefused at the first mistake."""
        value = self.begin()
        while value is UNFINISHED or self.opened:
            value = self.begin() if value is UNFINISHED else self.place(value)
        self.skip_space()
        if self.at < len(self.text):
            raise self.refused(f"nothing may follow the value, found {self.found()}", "syntax")
        return value

    def begin(self) -> Any:
        """A scalar, an empty list or object, or UNFINISHED when something was opened."""
        self.skip_space()
        self.nodes += 1
        if self.nodes > MOST_NODES:
            raise self.refused(f"more than {MOST_NODES:,} values", "too_many_values")
        mark = self.text[self.at : self.at + 1]
        if mark in ("[", "{") and mark:
            return self.open(mark)
        if mark == '"':
            return self.read_text()
        return self.read_word_or_number()

    def open(self, mark: str) -> Any:
        if len(self.opened) >= MOST_LEVELS:
            raise self.refused(f"nested deeper than {MOST_LEVELS} levels", "too_deep")
        self.at += 1
        self.skip_space()
        value: list[Any] | dict[str, Any] = [] if mark == "[" else {}
        if self.take("]" if mark == "[" else "}"):
            return value
        self.opened.append(value)
        self.keys.append(self.read_key({}) if isinstance(value, dict) else "")
        return UNFINISHED

    def place(self, value: Any) -> Any:
        """Put a finished value into what is open; that itself when it closes here."""
        holder = self.opened[-1]
        if isinstance(holder, list):
            holder.append(value)
        else:
            holder[self.keys[-1]] = value
        self.skip_space()
        end = "]" if isinstance(holder, list) else "}"
        if self.take(","):
            if isinstance(holder, dict):
                self.skip_space()
                self.keys[-1] = self.read_key(holder)
            return UNFINISHED
        if self.take(end):
            self.keys.pop()
            return self.opened.pop()
        raise self.refused(f"expected a comma or “{end}”, found {self.found()}", "syntax")

    def read_key(self, holder: dict[str, Any]) -> str:
        start = self.at
        if self.text[start : start + 1] != '"':
            raise self.refused(f"expected a key in double quotes, found {self.found()}", "syntax")
        key = self.read_text()
        if key in holder:
            self.at = start
            raise self.refused(f"the key {shown(key)} stands twice in one object", "duplicate_key")
        self.skip_space()
        if not self.take(":"):
            raise self.refused(f"expected a colon after the key, found {self.found()}", "syntax")
        return key

    def read_text(self) -> str:
        start = self.at + 1
        inside = INSIDE_TEXT.match(self.text, start)
        assert inside is not None
        self.at = inside.end()
        if not self.take('"'):
            raise self.refused(*self.why_text_stops())
        value: str = scanstring(self.text, start, True)[0]
        return value

    def why_text_stops(self) -> tuple[str, str]:
        rest = self.text[self.at : self.at + 6]
        if not rest:
            return "the text in quotes does not end", "syntax"
        if rest[0] != "\\":
            return "a control character inside a text must be written as an escape", "syntax"
        if rest[1:2] != "u":
            return "not an escape that JSON knows", "syntax"
        if not HEX.fullmatch(rest, 2):
            return "\\u needs four hexadecimal digits", "syntax"
        if rest == "\\u0000":
            return "the character \\u0000 is not allowed", "null_character"
        return "half of a surrogate pair", "lone_surrogate"

    def read_word_or_number(self) -> Any:
        for word, value in WORDS.items():
            if self.text.startswith(word, self.at):
                self.at += len(word)
                return value
        if NOT_IN_JSON.match(self.text, self.at):
            raise self.refused("NaN and Infinity are not JSON", "not_a_number")
        number = NUMBER.match(self.text, self.at)
        if number is None:
            raise self.refused(f"expected a value, found {self.found()}", "syntax")
        return self.read_number(number)

    def read_number(self, number: re.Match[str]) -> int | float:
        text = number.group()
        if is_too_long(text):
            raise self.refused(
                f"a number may have {LONGEST_NUMBER} characters at most", "number_too_long"
            )
        value: int | float = float(text) if number.group(1) or number.group(2) else int(text)
        if isinstance(value, float) and not math.isfinite(value):
            raise self.refused("the number is beyond 1e308", "number_too_large")
        if isinstance(value, int) and not SMALLEST_INTEGER <= value <= LARGEST_INTEGER:
            raise self.refused("an integer needs more than 64 bits", "number_too_large")
        self.at = number.end()
        return value

    def skip_space(self) -> None:
        space = SPACE.match(self.text, self.at)
        assert space is not None
        self.at = space.end()

    def take(self, mark: str) -> bool:
        taken = self.text.startswith(mark, self.at)
        self.at += len(mark) if taken else 0
        return taken

    def found(self) -> str:
        character = self.text[self.at : self.at + 1]
        return shown(character) if character else "the end"

    def refused(self, message: str, code: str) -> JsonRefused:
        return refusal_at(self.text, self.at, message, code)


def shown(text: str) -> str:
    """A piece of a caller's text, safe to print in a message."""
    clean = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text[:40])
    return f"“{clean}{'…' if len(text) > 40 else ''}”"
