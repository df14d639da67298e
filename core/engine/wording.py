"""Inputs in a few words: what a card or a line says about values it does not know yet."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

LONGEST = 60  # characters

EXPRESSION = re.compile(r"\{\{\s*(.*?)\s*\}\}", re.DOTALL)
PATH = re.compile(r"[A-Za-z_]\w*(\.\w+)*")


def say(value: Any) -> str:
    """An input as a person would name it: `{{ steps.clean.email }}` is “clean › email”."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case Mapping():
            return say_names(value)
        case list() | tuple():
            return count(len(value), "item")
        case _:
            return shorten(EXPRESSION.sub(_say_expression, str(value)))


def say_names(names: Iterable[Any]) -> str:
    """Names in a row: “email, lines, total”."""
    return shorten(", ".join(str(name) for name in names))


def count(number: int, noun: str, plural: str = "") -> str:
    """A number with its noun: “1 item”, “2 items”."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}".replace(",", "\u202f")


def shorten(text: str, longest: int = LONGEST) -> str:
    """One line of at most that many characters."""
    line = " ".join(text.split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def _say_expression(match: re.Match[str]) -> str:
    code = match[1]
    if not PATH.fullmatch(code):
        return code
    return " › ".join(code.removeprefix("steps.").split("."))
