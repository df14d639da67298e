"""Texts: change, cut, search."""

import re
import unicodedata
from decimal import ROUND_HALF_UP, Context
from typing import Any

from core.engine.expressions import patterns
from core.engine.expressions.casts import Items, Number
from core.engine.expressions.errors import ExpressionError
from core.engine.expressions.evaluation import Evaluation
from core.engine.expressions.function import function
from core.engine.expressions.operators import contains as is_part
from core.engine.expressions.values import (
    check_length,
    check_text,
    exact,
    is_list,
    is_object,
    name,
    to_text,
)

MOST_DECIMALS = 15
ENOUGH = Context(prec=700)  # digits of the widest floating number, with room
OTHER_MARK = {".": ",", ",": "."}


@function("upper case", "{{ 'Ada' | upper }}", "ADA", "text")
def upper(evaluation: Evaluation, text: str) -> str:
    """All letters as capitals."""
    return check_text(text.upper())


@function("lower case", "{{ 'Ada@Example.COM' | lower }}", "ada@example.com", "text")
def lower(evaluation: Evaluation, text: str) -> str:
    """All letters small."""
    return check_text(text.lower())


@function("trim spaces", "{{ '  Ada ' | trim }}", "Ada", "text")
def trim(evaluation: Evaluation, text: str) -> str:
    """Without spaces and line ends at both ends."""
    return text.strip()


@function("title case", '{{ "ada o\'neill" | title }}', "Ada O'neill", "text")
def title(evaluation: Evaluation, text: str) -> str:
    """Each word with a capital first letter."""
    return check_text(re.sub(r"\S+", lambda word: word[0][0].upper() + word[0][1:].lower(), text))


@function("replace", "{{ '2026/11/22' | replace('/', '-') }}", "2026-11-22", "text")
def replace(evaluation: Evaluation, text: str, find: str, with_: str) -> str:
    """Every place where a text stands, replaced by another."""
    if not find:
        return text
    count = text.count(find)
    check_length(len(text) + count * (len(with_) - len(find)))
    evaluation.meter.spend_text(count * len(with_))
    return check_text(text.replace(find, with_))


@function("split into a list", "{{ 'red, green' | split(', ') }}", ["red", "green"], "text")
def split(evaluation: Evaluation, text: str, separator: str = ",") -> list[str]:
    """The parts between separators; an empty separator gives single characters."""
    evaluation.meter.spend(text.count(separator) + 1)
    return text.split(separator) if separator else list(text)


@function("join into a text", "{{ ['red', 'green'] | join(' and ') }}", "red and green", "list")
def join(evaluation: Evaluation, list_: Items, separator: str = ", ") -> str:
    """All items as one text, with a separator between them."""
    texts = [to_text(item, evaluation.meter) for item in list_]
    length = sum(map(len, texts)) + len(separator) * max(len(texts) - 1, 0)
    check_length(length)
    evaluation.meter.spend_text(length)
    return check_text(separator.join(texts))


@function("part of it", "{{ slice('2026-11-22', 0, 4) }}", "2026", "text", "list")
def slice(evaluation: Evaluation, x: Any, from_: int, to: int | None = None) -> Any:
    """A part of a text or list: counted from 0, negative from the end, `to` not included."""
    if isinstance(x, str):
        return x[from_:to]
    if is_list(x):
        part = list(x[from_:to])
        evaluation.meter.spend(len(part))
        return part
    if x is None:
        return None
    raise ExpressionError(f"text or a list is expected, not {name(x)}")


@function("length", "{{ length('Ada') }}", 3, "text", "list", "object")
def length(evaluation: Evaluation, x: Any) -> int:
    """How many characters, items or keys it has; nothing has none."""
    if is_list(x) or is_object(x):
        return len(x)
    return len(to_text(x, evaluation.meter))


@function("contains", "{{ contains('openBuild', 'Build') }}", True, "text", "list", "object")
def contains(evaluation: Evaluation, x: Any, part: Any) -> bool:
    """Whether a text holds a text, a list an item, or an object a key."""
    return is_part(evaluation, part, x)


@function("starts with", "{{ 'INV-2026' | starts_with('INV') }}", True, "text")
def starts_with(evaluation: Evaluation, text: Any, part: str) -> bool:
    """Whether a text begins with another."""
    return to_text(text, evaluation.meter).startswith(part)


@function("ends with", "{{ 'photo.png' | ends_with('.png') }}", True, "text")
def ends_with(evaluation: Evaluation, text: Any, part: str) -> bool:
    """Whether a text ends with another."""
    return to_text(text, evaluation.meter).endswith(part)


@function("matches the pattern", r"{{ matches('A-17', '^[A-Z]-\d+$') }}", True, "text")
def matches(evaluation: Evaluation, text: Any, pattern: str) -> bool:
    """Whether a regular expression (RE2) is found in a text."""
    return patterns.found(evaluation, pattern, to_text(text, evaluation.meter))


@function("take out the pattern", r"{{ extract('Order #4711 of Ada', '#(\d+)') }}", "4711", "text")
def extract(evaluation: Evaluation, text: str, pattern: str, which: str = "first") -> Any:
    """The first place of a regular expression, its group if it has one; 'all' gives a list."""
    if which not in ("first", "all"):
        raise ExpressionError("the last value is 'first' or 'all'")
    group = 1 if patterns.compiled(pattern).groups else 0
    found = patterns.matches(evaluation, pattern, text)
    if which == "all":
        return [match[group] for match in found]
    first = next(found, None)
    return first[group] if first else None


@function("fill up", "{{ 7 | pad(3, '0') }}", "007", "text", "number")
def pad(
    evaluation: Evaluation, text: str, length: int, with_: str = " ", side: str = "start"
) -> str:
    """Filled up to a length at the start, or at the 'end'."""
    missing = length - len(text)
    if missing <= 0 or not with_:
        return text
    if side not in ("start", "end"):
        raise ExpressionError("the side is 'start' or 'end'")
    check_length(length)
    evaluation.meter.spend_text(length)
    filling = (with_ * (missing // len(with_) + 1))[:missing]
    return check_text(text + filling if side == "end" else filling + text)


@function("format the number", "{{ 1234.5 | format_number(2) }}", "1,234.50", "number")
def format_number(
    evaluation: Evaluation,
    number: Number,
    decimals: int | None = None,
    mark: str = ".",
    thousands: str | None = None,
) -> str:
    """With thousands and a fixed count of decimals; mark ',' gives 1.234,50."""
    value = exact(number)
    if decimals is not None:
        if not 0 <= decimals <= MOST_DECIMALS:
            raise ExpressionError(f"decimals are between 0 and {MOST_DECIMALS}")
        places = exact(1).scaleb(-decimals)
        value = value.quantize(places, ROUND_HALF_UP, ENOUGH)
    written = f"{value:,f}"
    if decimals is None and "." in written:
        written = written.rstrip("0").rstrip(".")
    between = OTHER_MARK.get(mark, ",") if thousands is None else thousands
    return written.translate({ord(","): between, ord("."): mark})


@function("as part of an address", "{{ 'Straße & Café' | slug }}", "strasse-cafe", "text")
def slug(evaluation: Evaluation, text: str) -> str:
    """Small letters, digits and hyphens only, for addresses and file names."""
    spelled = unicodedata.normalize("NFKD", check_text(text.casefold()))
    ascii_only = spelled.encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", ascii_only).strip("-")
