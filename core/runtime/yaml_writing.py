"""A JSON value as YAML that people like to read: always the same text for the same value."""

import re
from collections.abc import Mapping
from io import StringIO
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import (
    DoubleQuotedScalarString,
    LiteralScalarString,
    SingleQuotedScalarString,
)

from core.runtime.yaml_reading import reads_otherwise

LONGEST_LINE = 72  # characters of a group that stands on one line
OLD_WORDS = ("y", "n", "yes", "no", "on", "off")
DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}")
ON_ONE_LINE = frozenset({"auth", "retry", "duplicates"})
# Narrower than YAML allows: what every reader takes for the same text.
PLAIN = re.compile(r"[\w/(.](?:[\w /().@+=~;$^<>,'!?&%*·–—…-]|://)*(?<! )")


def dump(value: Any) -> str:
    """The YAML text of a JSON value."""
    yaml = YAML()
    yaml.width = 1_000_000
    yaml.allow_unicode = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    out = StringIO()
    yaml.dump(styled(value), out)
    return out.getvalue()


def styled(value: Any, *, in_list: bool = False, key: str = "") -> Any:
    match value:
        case str():
            return styled_text(value)
        case Mapping():
            group = CommentedMap()
            for name, item in value.items():
                group[styled_key(name)] = styled(item, key=name)
            may_be_flat = (in_list or key in ON_ONE_LINE) and is_flat(value.values())
            if not value or (may_be_flat and is_short(value)):
                group.fa.set_flow_style()
            return group
        case list() | tuple():
            items = CommentedSeq(styled(item, in_list=True) for item in value)
            if not value or (is_flat(value) and is_short(value)):
                items.fa.set_flow_style()
            return items
    return value


def styled_text(text: str) -> Any:
    """Text in the style that reads best: bare words, blocks of lines, else quotes."""
    if "\n" in text and is_block(text):
        return LiteralScalarString(text)
    return styled_key(text)


def styled_key(text: str) -> Any:
    """Text on one line."""
    if PLAIN.fullmatch(text) and text.isprintable() and not is_misread(text):
        return text
    if text.isprintable() and text.count("'") < text.count('"') + text.count("\\"):
        return SingleQuotedScalarString(text)
    return DoubleQuotedScalarString(text)


def is_misread(text: str) -> bool:
    """Whether this reader, or an older one, takes it for something else than text."""
    return reads_otherwise(text) or text.lower() in OLD_WORDS or bool(DATE.match(text))


def is_block(text: str) -> bool:
    """Whether lines survive in a literal block: printable, and no spaces that mislead it."""
    lines = text.split("\n")
    is_printable = all(line.isprintable() for line in lines)
    return is_printable and bool(lines[0]) and not any(line[:1] in " \t" for line in lines[:1])


def is_flat(values: Any) -> bool:
    return all(not isinstance(value, Mapping | list | tuple) for value in values)


def is_short(value: Any) -> bool:
    texts = [str(part) for part in (value.items() if isinstance(value, Mapping) else value)]
    return sum(map(len, texts)) < LONGEST_LINE and not any("\\n" in text for text in texts)
