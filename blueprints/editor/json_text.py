"""JSON as authors type it: values of earlier steps may stand in it without quotes."""

import json
import re
from typing import Any

INDENT = 2
WHOLE_EXPRESSION = re.compile(r'"(\{\{(?:[^"\\]|\\.)*\}\})"')
NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]+)?")
WORDS = {"true": True, "false": False}


class NotJson(ValueError):
    """The text isn't finished JSON; the message says where."""


def write(value: Any) -> str:
    """A JSON value as text; a string that is one expression stands without quotes."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    text = json.dumps(value, ensure_ascii=False, indent=INDENT)
    return WHOLE_EXPRESSION.sub(_bare, text)


def read(text: str) -> Any:
    """The JSON value of the text; plain words are text; raises NotJson."""
    stripped = text.strip()
    if not stripped:
        return None
    if stripped[0] not in "{[" or stripped.startswith("{{"):
        return literal(stripped) if "\n" not in stripped else text
    try:
        return json.loads(quote_expressions(stripped), parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise NotJson(f"line {error.lineno}, column {error.colno}: {error.msg}") from error


def literal(text: str) -> Any:
    """A number, yes or no where the text is exactly that; quotes keep it text."""
    if text in WORDS:
        return WORDS[text]
    if NUMBER.fullmatch(text):
        return json.loads(text)
    if len(text) > 1 and text[0] == text[-1] == '"':
        return _unquoted(text)
    return text


def write_literal(value: Any) -> str:
    """The text that `literal` reads back as this value."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False) if literal(value) != value else value
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def quote_expressions(text: str) -> str:
    """The text with each expression outside of quotes put into quotes."""
    pieces: list[str] = []
    position, in_string = 0, False
    while position < len(text):
        if not in_string and text.startswith("{{", position):
            end = _end_of_expression(text, position)
            pieces.append(json.dumps(text[position:end], ensure_ascii=False))
            position = end
            continue
        character = text[position]
        if in_string and character == "\\":
            pieces.append(text[position : position + 2])
            position += 2
            continue
        in_string ^= character == '"'
        pieces.append(character)
        position += 1
    return "".join(pieces)


def _end_of_expression(text: str, start: int) -> int:
    quote = ""
    for position in range(start + 2, len(text)):
        character = text[position]
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif text.startswith("}}", position):
            return position + 2
    raise NotJson("an expression that begins with {{ has no }} at its end")


def _bare(match: re.Match[str]) -> str:
    inside = json.loads(match[0])
    return str(inside) if inside.count("{{") == 1 and "\n" not in inside else match[0]


def _unquoted(text: str) -> str:
    try:
        return str(json.loads(text))
    except json.JSONDecodeError:
        return text


def _refuse(word: str) -> Any:
    raise NotJson(f"“{word}” is not a JSON value")
