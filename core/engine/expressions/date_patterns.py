"""Dates by a pattern: `YYYY-MM-DD HH:mm`, or `%Y-%m-%d %H:%M`."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache

from core.engine.calendar import CalendarError

LONGEST_PATTERN = 100  # characters

MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

TOKEN = re.compile(
    r"\[([^\]]*)\]|'([^']*)'"
    r"|(YYYY|yyyy|YY|yy|MMMM|MMM|MM|M|DD|D|dddd|ddd|dd|d|EEEE|EEE|HH|H|hh|h|mm|m|ss|s|SSS|A|a|ZZ|Z|X|x)"
)
SAME = {"yyyy": "YYYY", "yy": "YY", "dd": "DD", "d": "D", "EEEE": "dddd", "EEE": "ddd", "a": "A"}
PERCENT = {
    "Y": "YYYY",
    "y": "YY",
    "B": "MMMM",
    "b": "MMM",
    "m": "MM",
    "d": "DD",
    "A": "dddd",
    "a": "ddd",
    "H": "HH",
    "I": "hh",
    "M": "mm",
    "S": "ss",
    "p": "A",
    "z": "ZZ",
    "s": "X",
}

WRITERS: dict[str, Callable[[datetime], str]] = {
    "YYYY": lambda at: f"{at.year:04}",
    "YY": lambda at: f"{at.year % 100:02}",
    "MMMM": lambda at: MONTHS[at.month - 1],
    "MMM": lambda at: MONTHS[at.month - 1][:3],
    "MM": lambda at: f"{at.month:02}",
    "M": lambda at: str(at.month),
    "DD": lambda at: f"{at.day:02}",
    "D": lambda at: str(at.day),
    "dddd": lambda at: DAYS[at.weekday()],
    "ddd": lambda at: DAYS[at.weekday()][:3],
    "HH": lambda at: f"{at.hour:02}",
    "H": lambda at: str(at.hour),
    "hh": lambda at: f"{at.hour % 12 or 12:02}",
    "h": lambda at: str(at.hour % 12 or 12),
    "mm": lambda at: f"{at.minute:02}",
    "m": lambda at: str(at.minute),
    "ss": lambda at: f"{at.second:02}",
    "s": lambda at: str(at.second),
    "SSS": lambda at: f"{at.microsecond // 1000:03}",
    "A": lambda at: "AM" if at.hour < 12 else "PM",
    "ZZ": lambda at: at.strftime("%z"),
    "Z": lambda at: at.isoformat()[-6:],
    "X": lambda at: str(int(at.timestamp())),
    "x": lambda at: str(int(at.timestamp() * 1000)),
}
NAMES = "|".join
DIGITS = {"YYYY": "[0-9]{4}", "SSS": "[0-9]{1,6}", "X": "-?[0-9]{1,11}", "x": "-?[0-9]{1,14}"}
READERS = {
    "MMMM": NAMES(MONTHS),
    "MMM": NAMES(month[:3] for month in MONTHS),
    "dddd": NAMES(DAYS),
    "ddd": NAMES(day[:3] for day in DAYS),
    "A": r"[AaPp]\.?[Mm]\.?",
    "ZZ": r"Z|[+-][0-9]{2}:?[0-9]{2}",
    "Z": r"Z|[+-][0-9]{2}:?[0-9]{2}",
    **dict.fromkeys(("YY", "MM", "DD", "HH", "hh", "mm", "ss"), "[0-9]{2}"),
    **dict.fromkeys(("M", "D", "H", "h", "m", "s"), "[0-9]{1,2}"),
    **DIGITS,
}
FIELDS = {"M": "month", "D": "day", "H": "hour", "h": "half", "m": "minute", "s": "second"}
FIELDS |= {token * 2: field for token, field in FIELDS.items()}
FIELDS |= {"YYYY": "year"}


def write(moment: datetime, pattern: str) -> str:
    """The moment as the pattern says. Raises CalendarError."""
    return "".join(
        WRITERS[text](moment) if is_token else text for is_token, text in _parts(pattern)
    )


def read(text: str, pattern: str, zone: tzinfo) -> datetime:
    """The moment that a text spells, in that zone unless it names its own. Raises CalendarError."""
    tokens, expression = _reader(pattern)
    match = expression.fullmatch(text.strip()) if len(text) <= 2 * LONGEST_PATTERN else None
    if not match:
        raise CalendarError(f"“{text[:40]}” is not written as {pattern}")
    try:
        return _assemble(dict(zip(tokens, match.groups(), strict=True)), zone)
    except (ValueError, OverflowError) as error:
        raise CalendarError(f"“{text}”: there is no such date or time") from error


@lru_cache(maxsize=200)
def _parts(pattern: str) -> tuple[tuple[bool, str], ...]:
    if len(pattern) > LONGEST_PATTERN:
        raise CalendarError(f"a date pattern has at most {LONGEST_PATTERN} characters")
    return tuple(_percent_parts(pattern) if "%" in pattern else _token_parts(pattern))


def _token_parts(pattern: str) -> Iterator[tuple[bool, str]]:
    position = 0
    for match in TOKEN.finditer(pattern):
        yield False, pattern[position : match.start()]
        position = match.end()
        if match[3]:
            yield True, SAME.get(match[3], match[3])
        else:
            yield False, match[1] or match[2] or ""
    yield False, pattern[position:]


def _percent_parts(pattern: str) -> Iterator[tuple[bool, str]]:
    first, *others = re.split("%(.?)", pattern, flags=re.DOTALL)
    yield False, first
    for letter, text in zip(others[::2], others[1::2], strict=True):
        if letter == "%":
            yield False, "%"
        elif letter in PERCENT:
            yield True, PERCENT[letter]
        else:
            raise CalendarError(f"“%{letter}” is not known in a date pattern")
        yield False, text


@lru_cache(maxsize=200)
def _reader(pattern: str) -> tuple[tuple[str, ...], re.Pattern[str]]:
    parts = _parts(pattern)
    tokens = tuple(text for is_token, text in parts if is_token)
    if len(tokens) != len(set(tokens)):
        raise CalendarError(f"a part stands twice in the date pattern {pattern}")
    expression = "".join(
        f"({READERS[text]})" if is_token else re.escape(text) for is_token, text in parts
    )
    return tokens, re.compile(expression, re.IGNORECASE)


def _assemble(found: dict[str, str], zone: tzinfo) -> datetime:
    if "X" in found or "x" in found:
        milliseconds = int(found["x"]) if "x" in found else int(found["X"]) * 1000
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
    parts = {"year": 1970, "month": 1, "day": 1, "hour": 0, "minute": 0, "second": 0}
    parts |= {FIELDS[token]: int(text) for token, text in found.items() if token in FIELDS}
    if "YY" in found:
        parts["year"] = 2000 + int(found["YY"]) - (100 if int(found["YY"]) > 68 else 0)
    for token in {"MMMM", "MMM"} & found.keys():
        starts = [month[:3].lower() for month in MONTHS]
        parts["month"] = starts.index(found[token][:3].lower()) + 1
    if "half" in parts:
        parts["hour"] = _hour(parts.pop("half"), found.get("A", ""))
    fraction = int(found.get("SSS", "0").ljust(6, "0"))
    own = _offset(found["Z"] if "Z" in found else found.get("ZZ", ""))
    clock = datetime(**parts, microsecond=fraction, tzinfo=own or zone)
    return clock.astimezone(UTC)


def _hour(half: int, mark: str) -> int:
    if not 1 <= half <= 12:
        raise ValueError(half)
    return half % 12 + (12 if mark[:1] in "Pp" and mark else 0)


def _offset(text: str) -> tzinfo | None:
    if not text:
        return None
    if text in "Zz":
        return UTC
    distance = timedelta(hours=int(text[1:3]), minutes=int(text[-2:]))
    return timezone(-distance if text[0] == "-" else distance)
