"""Give steps other ids, and carry the expressions that read them along."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from core.engine.definition import Step

READER = re.compile(
    r"""
    (?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
    | (?<![\w.])(?P<root>steps|loops)\s*
      (?: \.\s*(?P<id>[a-z][a-z0-9_]*)(?!\w)
        | \[\s*(?P<quote>['"])(?P<quoted>[a-z][a-z0-9_]*)(?P=quote)\s*\] )
    | (?<![\w.])(?P<call>callback_url\s*\(\s*)(?P<mark>['"])(?P<called>[a-z][a-z0-9_]*)(?P=mark)
    | (?P<open>[\[{(]) | (?P<close>[\])}])
    """,
    re.VERBOSE | re.DOTALL,
)


def rename(step: Step, new_ids: Mapping[str, str]) -> Step:
    """The step with all inside it under their new ids, and their references to each other."""
    branches = tuple(
        replace(
            branch,
            only_when=rename_in(branch.only_when, new_ids),
            steps=tuple(rename(inner, new_ids) for inner in branch.steps),
        )
        for branch in step.branches
    )
    return replace(
        step,
        id=new_ids.get(step.id, step.id),
        inputs=rename_in(step.inputs, new_ids),
        only_when=rename_in(step.only_when, new_ids),
        branches=branches,
    )


def rename_in(value: Any, new_ids: Mapping[str, str]) -> Any:
    """A JSON value whose expressions read the steps under their new ids."""
    match value:
        case str():
            return rename_in_text(value, new_ids) if "{{" in value else value
        case Mapping():
            return {key: rename_in(inner, new_ids) for key, inner in value.items()}
        case list() | tuple():
            return [rename_in(inner, new_ids) for inner in value]
    return value


def reads(value: Any, step_id: str) -> bool:
    """Whether an expression somewhere in the value reads the step of that id."""
    probe = step_id + "!"
    return bool(rename_in(value, {step_id: probe}) != value)


def rename_in_text(text: str, new_ids: Mapping[str, str]) -> str:
    pieces = []
    position = 0
    while (start := text.find("{{", position)) >= 0:
        pieces.append(text[position : start + 2])
        position = start + 2
        for piece, end in pieces_of_expression(text, position, new_ids):
            pieces.append(piece)
            position = end
    return "".join(pieces) + text[position:]


def pieces_of_expression(
    text: str, start: int, new_ids: Mapping[str, str]
) -> Iterator[tuple[str, int]]:
    """The renamed pieces of the expression that begins here, each with where it ended."""
    position, depth = start, 0
    for match in READER.finditer(text, start):
        if match["close"] and depth == 0:
            yield text[position : match.start()], match.start()
            return
        depth += bool(match["open"]) - bool(match["close"])
        yield text[position : match.start()] + renamed(match, new_ids), match.end()
        position = match.end()


def renamed(match: re.Match[str], new_ids: Mapping[str, str]) -> str:
    for group in ("id", "quoted", "called"):
        if match[group] in new_ids:
            start, end = (edge - match.start() for edge in match.span(group))
            return match[0][:start] + new_ids[match[group]] + match[0][end:]
    return match[0]
