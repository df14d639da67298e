"""From a field's text to the words and signs of its expressions."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from core.engine.expressions.errors import ExpressionError
from core.engine.expressions.meter import LARGEST_INTEGER
from core.engine.expressions.values import read_number

LONGEST_EXPRESSION = 2000  # characters
LONGEST_FIELD = 1_000_000  # characters of a text with expressions in it
MOST_EXPRESSIONS = 500  # in one text

TOKEN = re.compile(
    r"""
    (?P<space>\s+)
    | (?P<number>[0-9][0-9_]*(?:\.[0-9][0-9_]*)?(?:[eE][+-]?[0-9]+)?)
    | (?P<text>r?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"))
    | (?P<word>[^\W\d]\w*)
    | (?P<sign>==|!=|<=|>=|[-+*/%<>|.,:()\[\]{}])
    """,
    re.VERBOSE | re.DOTALL,
)
ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|x[0-9a-fA-F]{2}|[nrt'\"\\\n])")
ESCAPED = {"n": "\n", "r": "\r", "t": "\t", "\n": ""}
ADVICE = (
    (re.compile(r"\|\|"), "write “or” instead of “||”"),
    (re.compile(r"&&"), "write “and” instead of “&&”"),
    (re.compile(r"!"), "write “not” instead of “!”"),
    (re.compile(r"=>|="), "write “==” to compare; nothing can be assigned here"),
    (re.compile(r"\?"), "write “a if c else b” instead of “c ? a : b”"),
    (re.compile(r"[‘’“”„`]"), "write texts in straight quotes: 'text'"),
    (re.compile(r"['\"]"), "this text has no closing quote"),
    (re.compile(r"\*\*|\^"), "there are no powers; multiply instead"),
    (re.compile(r"//"), "write floor(a / b) instead of “//”"),
)
DOUBLED = re.compile(r"\*\*|//|\|\|")


class Token(NamedTuple):
    """A word or sign; `start` counts from 0 within the field."""

    kind: str  # number | text | word | sign | end
    text: str
    value: Any
    start: int


@dataclass(frozen=True, slots=True)
class Piece:
    """Literal text, or the tokens of one expression."""

    text: str
    start: int
    tokens: tuple[Token, ...] = ()

    @property
    def is_expression(self) -> bool:
        return bool(self.tokens)


def pieces(source: str) -> Iterator[Piece]:
    """The literal texts and expressions of a field in order. Raises ExpressionError."""
    if len(source) > LONGEST_FIELD:
        raise ExpressionError("a text with expressions has at most 1,000,000 characters", 1)
    position = count = 0
    while (start := source.find("{{", position)) >= 0:
        if start > position:
            yield Piece(source[position:start], position)
        count += 1
        if count > MOST_EXPRESSIONS:
            raise ExpressionError(f"one text has at most {MOST_EXPRESSIONS} expressions", start + 1)
        tokens = tuple(_tokens(source, start))
        position = tokens[-1].start + 2
        yield Piece(source[start:position], start, tokens)
    if position < len(source):
        yield Piece(source[position:], position)


def _tokens(source: str, opening: int) -> Iterator[Token]:
    position, depth = opening + 2, 0
    limit = min(len(source), position + LONGEST_EXPRESSION)
    while position < limit:
        if depth == 0 and source.startswith("}}", position):
            yield Token("end", "}}", None, position)
            return
        token, end = _token(source, position, limit)
        depth += (token.text == "{") - (token.text == "}")
        if depth < 0:
            raise ExpressionError("there is nothing that this “}” closes", position + 1)
        if token.kind != "space":
            yield token
        position = end
    if limit < len(source):
        raise ExpressionError("an expression has at most 2,000 characters", opening + 1)
    raise ExpressionError("this “{{” has no closing “}}”", opening + 1)


def _token(source: str, position: int, limit: int) -> tuple[Token, int]:
    match = TOKEN.match(source, position, limit)
    if not match or DOUBLED.match(source, position):
        raise _unreadable(source, position)
    kind, text = match.lastgroup or "", match[0]
    value: Any = None
    if kind == "number":
        value = _number(source, match)
    elif kind == "text":
        value = _unquote(text, position)
    return Token(kind, text, value, position), match.end()


def _number(source: str, match: re.Match[str]) -> int | float:
    text, column = match[0], match.start() + 1
    if re.match(r"\w", source[match.end() : match.end() + 1]):
        raise ExpressionError(f"after the number {text} no letter may follow", column)
    if len(text) > 1 and text[0] == "0" and text[1].isdigit():
        raise ExpressionError("a number does not begin with 0; a text stands in quotes", column)
    value = read_number(text.replace("_", ""))
    if value is None:
        raise ExpressionError(f"the number is larger than {LARGEST_INTEGER}", column)
    return value


def _unquote(text: str, position: int) -> str:
    if text[0] == "r":
        return text[2:-1]
    try:
        return ESCAPE.sub(_unescape, text[1:-1])
    except (ValueError, OverflowError) as error:
        raise ExpressionError("there is no character with this number", position + 1) from error


def _unescape(match: re.Match[str]) -> str:
    code = match[1]
    return chr(int(code[1:], 16)) if len(code) > 1 else ESCAPED.get(code, code)


def _unreadable(source: str, position: int) -> ExpressionError:
    for pattern, advice in ADVICE:
        if pattern.match(source, position):
            return ExpressionError(advice, position + 1)
    return ExpressionError(f"“{source[position]}” is not part of an expression", position + 1)
