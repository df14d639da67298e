"""The types a parameter may have, and how what a caller sent becomes a value of each."""

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from core.engine import json_gate
from core.engine.json_gate import JsonRefused
from core.engine.json_reader import LARGEST_INTEGER, LONGEST_NUMBER, SMALLEST_INTEGER

LONGEST_EMAIL: Final = 254
LONGEST_URL: Final = 8192
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
MILLISECONDS = re.compile(r"-?[0-9]{1,15}")
ISO_DATE = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"([Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.,][0-9]{1,9})?)?([Zz]|[+-][0-9]{2}(:?[0-9]{2})?)?)?"
)
PLUS_READ_AS_SPACE = re.compile(r"([Tt ][0-9]{2}:[0-9:.,]+) ([0-9]{2}(?::?[0-9]{2})?)$")
# The expression that HTML prescribes for <input type=email>.
EMAIL = re.compile(
    r"[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
    r"(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*"
)


class Unfit(ValueError):
    """What came is no value of the type; the message says what it must be."""


def cast_text(value: Any, *, as_text: bool, zone: str) -> str:
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
    raise Unfit(f"must be text, not {article(value)}")


def cast_number(value: Any, *, as_text: bool, zone: str) -> int | float:
    if isinstance(value, str):
        value = number_of(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unfit(f"must be a number, not {article(value)}")
    if isinstance(value, float) and not math.isfinite(value):
        raise Unfit("must be a number below 1e308")
    if isinstance(value, int) and not SMALLEST_INTEGER <= value <= LARGEST_INTEGER:
        raise Unfit("must be a number of at most 64 bits")
    return value


def number_of(text: str) -> Any:
    if len(text) > LONGEST_NUMBER:
        raise Unfit(f"must be a number of at most {LONGEST_NUMBER} characters")
    found = NUMBER.fullmatch(text)
    if found is None:
        return text
    return float(text) if found.group(1) or found.group(2) else int(text)


YES_AND_NO: Final = {"yes": True, "true": True, "no": False, "false": False}


def cast_yes_no(value: Any, *, as_text: bool, zone: str) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in YES_AND_NO:
        return YES_AND_NO[value.lower()]
    raise Unfit(f"must be yes, no, true or false, not {article(value)}")


def cast_date(value: Any, *, as_text: bool, zone: str) -> str:
    """A moment as the text that all dates have in expressions: UTC, milliseconds."""
    try:
        if as_text and isinstance(value, str) and MILLISECONDS.fullmatch(value):
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return iso(EPOCH + timedelta(milliseconds=value))
        if isinstance(value, str):
            text = PLUS_READ_AS_SPACE.sub(r"\1+\2", value) if as_text else value
            return iso(moment(text, zone))
    except (ValueError, OverflowError) as error:
        raise Unfit(f"must be a date that exists, not {article(value)}") from error
    raise Unfit(f"must be a date such as 2026-11-22T08:00:00Z, not {article(value)}")


def moment(text: str, zone: str) -> datetime:
    if not ISO_DATE.fullmatch(text):
        raise ValueError(text)
    read = datetime.fromisoformat(text.upper())
    return read if read.tzinfo else read.replace(tzinfo=ZoneInfo(zone))


def iso(when: datetime) -> str:
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def cast_object(value: Any, *, as_text: bool, zone: str) -> dict[str, Any]:
    if as_text and isinstance(value, str):
        value = json_of(value)
    if isinstance(value, dict):
        return value
    raise Unfit(f"must be an object, not {article(value)}")


def cast_email(value: Any, *, as_text: bool, zone: str) -> str:
    if isinstance(value, str) and len(value) <= LONGEST_EMAIL and EMAIL.fullmatch(value):
        return value
    raise Unfit(f"must be an email address, not {article(value)}")


def cast_url(value: Any, *, as_text: bool, zone: str) -> str:
    if isinstance(value, str) and is_web_address(value):
        return value
    raise Unfit(f"must be an address that begins with http:// or https://, not {article(value)}")


def is_web_address(text: str) -> bool:
    if len(text) > LONGEST_URL or not text.isprintable() or " " in text:
        return False
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def cast_list(value: Any, *, as_text: bool) -> list[Any]:
    """The items: a list as it is; in a query or form a repeated key, or one JSON list."""
    if as_text and isinstance(value, list) and len(value) == 1 and value[0].startswith("["):
        value = json_of(value[0])
    if isinstance(value, list):
        return value
    raise Unfit(f"must be a list, not {article(value)}")


def json_of(text: str) -> Any:
    try:
        return json_gate.parse_text(text)
    except JsonRefused as refusal:
        raise Unfit(f"must be JSON ({refusal})") from refusal


def article(value: Any) -> str:
    """A caller's value in words that fit into a sentence."""
    match value:
        case None:
            return "null"
        case bool() | int() | float():
            return str(value).lower()
        case str():
            return f"the text “{value[:40]}{'…' if len(value) > 40 else ''}”"
        case list():
            return "a list"
    return "an object"


TYPES: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType(
    {
        "text": cast_text,
        "number": cast_number,
        "yes_no": cast_yes_no,
        "date": cast_date,
        "object": cast_object,
        "email": cast_email,
        "url": cast_url,
    }
)
