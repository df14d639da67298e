"""The one way in for JSON from outside: bytes become a value, or are refused with a place."""

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from core.engine.json_reader import (
    LARGEST_INTEGER,
    MOST_LEVELS,
    MOST_NODES,
    SMALLEST_INTEGER,
    JsonRefused,
    StrictReader,
    is_too_long,
    refusal_at,
)

__all__ = ["JsonRefused", "check", "parse", "parse_text"]

SHORT_NUMBER = 18  # digits that always fit into 64 bits
STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
# A null character, half of a surrogate pair, or an escaped backslash that may feign an escape.
DOUBTFUL_ESCAPE = re.compile(
    r"\\(?:\\u|u0000"
    r"|u[dD][89abAB]..(?!\\u[dD][c-fC-F])"
    r"|u[dD][c-fC-F](?<!\\u[dD][89abAB]..\\u[dD].))"
)
ONE_KIND_OF_BRACKET = bytes.maketrans(b"{}", b"[]")
NO_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")
BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


class Doubt(ValueError):
    """The fast path is not sure; the strict reader decides and names the place."""


def parse(raw: bytes) -> Any:
    """The value of JSON bytes; raises JsonRefused with line, column and reason."""
    return parse_text(decode(raw))


def parse_text(text: str) -> Any:
    """The value of JSON text; raises JsonRefused with line, column and reason."""
    try:
        return parse_fast(text)
    except (ValueError, RecursionError):
        return StrictReader(text).read()


def decode(raw: bytes) -> str:
    if raw.startswith(BYTE_ORDER_MARKS):
        raise JsonRefused("a byte order mark is not allowed; send plain UTF-8", 1, 1, "encoding")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8")
        raise refusal_at(before, len(before), "not valid UTF-8 here", "encoding") from error


def parse_fast(text: str) -> Any:
    """The standard decoder, allowed only where it can't accept what the reader would refuse."""
    if "\\u" in text and DOUBTFUL_ESCAPE.search(text):
        raise Doubt
    if not is_small(text) and not is_small(STRING.sub("", text)):
        raise Doubt
    return DECODER.decode(text)


def is_small(text: str) -> bool:
    """Whether brackets and commas alone prove that the limits of size and depth hold."""
    opened = text.count("[") + text.count("{")
    if 1 + opened + text.count(",") > MOST_NODES:
        return False
    return opened <= MOST_LEVELS or depth_holds(text)


def depth_holds(text: str) -> bool:
    if '"' in text:
        return False
    brackets = text.encode().translate(ONE_KIND_OF_BRACKET, NO_BRACKETS)
    for _ in range(MOST_LEVELS):
        brackets = brackets.replace(b"[]", b"")
        if not brackets:
            return True
    return False


def unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise Doubt
    return value


def refuse_constant(_: str) -> Any:
    raise Doubt


def small_integer(text: str) -> int:
    value = int(text)
    if len(text) > SHORT_NUMBER and not SMALLEST_INTEGER <= value <= LARGEST_INTEGER:
        raise Doubt
    return value


def finite_number(text: str) -> float:
    value = float(text)
    if math.isinf(value) or is_too_long(text):
        raise Doubt
    return value


DECODER = json.JSONDecoder(
    object_pairs_hook=unique_keys,
    parse_constant=refuse_constant,
    parse_int=small_integer,
    parse_float=finite_number,
)


def check(value: Any) -> Any:
    """The same value, if the gate would have let its JSON through; else JsonRefused."""
    nodes = 0
    waiting = [(value, "", 1)]
    while waiting:
        part, path, level = waiting.pop()
        nodes += 1
        if nodes > MOST_NODES:
            raise refused(path, f"more than {MOST_NODES:,} values", "too_many_values")
        if isinstance(part, list | tuple | Mapping):
            if level > MOST_LEVELS:
                raise refused(path, f"nested deeper than {MOST_LEVELS} levels", "too_deep")
            waiting.extend((inner, name, level + 1) for name, inner in members(part, path))
        else:
            check_scalar(part, path)
    return value


def members(part: Any, path: str) -> Iterator[tuple[str, Any]]:
    if not isinstance(part, Mapping):
        yield from ((f"{path}[{index}]", inner) for index, inner in enumerate(part))
        return
    for key, inner in part.items():
        if not isinstance(key, str):
            raise refused(path, f"the key {key!r} is not text", "not_json")
        check_text(key, path)
        yield (f"{path}.{key}" if path else key), inner


def check_scalar(part: Any, path: str) -> None:
    match part:
        case None | bool():
            return
        case str():
            check_text(part, path)
        case int():
            if not SMALLEST_INTEGER <= part <= LARGEST_INTEGER:
                raise refused(path, "an integer needs more than 64 bits", "number_too_large")
        case float():
            if not math.isfinite(part):
                raise refused(path, f"{part} is not a JSON number", "not_a_number")
        case _:
            raise refused(path, f"a {type(part).__name__} is not JSON", "not_json")


def check_text(text: str, path: str) -> None:
    if "\0" in text:
        raise refused(path, "the character \\u0000 is not allowed", "null_character")
    try:
        if not text.isascii():
            text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise refused(path, "half of a surrogate pair", "lone_surrogate") from error


def refused(path: str, message: str, code: str) -> JsonRefused:
    return JsonRefused(f"{path}: {message}" if path else message, None, None, code)
