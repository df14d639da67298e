"""The page of all functions: `python -m core.engine.expressions.reference` prints it."""

import json
from itertools import groupby

from core.engine.expressions.function import FunctionInfo
from core.engine.expressions.functions import functions

INTRODUCTION = """\
# Functions

What can stand in an expression, between `{{` and `}}`. `x | upper` and `upper(x)` are the same:
what stands before the pipe becomes the first value. A `?` marks a value that may be left out, `…`
one that may be repeated. In the editor they are under *Then…* with the name shown in bold.
How expressions work: [Expressions](../learning/expressions.md).

If the first value is null, the answer is null too, or what is empty of its kind. `now()` in the
examples is 22 November 2026, 08:00 UTC.
"""
TITLES = {
    "text": "Text",
    "encoding": "Encodings, fingerprints, HTML",
    "numbers": "Numbers",
    "lists": "Lists",
    "objects": "Objects",
    "dates": "Dates",
    "anything": "Any value",
}


def page() -> str:
    """The whole page in Markdown."""
    parts = [INTRODUCTION]
    for group, members in groupby(functions().values(), key=lambda info: info.group):
        parts.append(f"## {TITLES[group]}\n")
        parts += [_section(info) for info in members]
    return "\n".join(parts)


def _section(info: FunctionInfo) -> str:
    result = json.dumps(info.result, ensure_ascii=False)
    return (
        f"### `{info.signature}`\n\n"
        f"**{info.label}** – {info.help}\n\n"
        f"```\n{info.example}\n→ {result}\n```\n"
    )


if __name__ == "__main__":
    print(page(), end="")
