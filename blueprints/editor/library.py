"""The library of steps: what can be added, found by name first, then by what it is for."""

from collections.abc import Iterable
from dataclasses import dataclass

from flask import Response, request
from markupsafe import Markup, escape

from blueprints import hypermedia
from blueprints.access import visible_workflow
from blueprints.editor import bp
from core.engine.step_type import StepType
from core.steps import step_types

KINDS = (
    ("", "All"),
    ("logic", "Flow"),
    ("connect", "Connect"),
    ("data", "Data"),
    ("people", "People"),
    ("code", "Code"),
)
LABELS = dict(KINDS)
USUAL_FIRST = ("call_api", "send_email", "compose", "branch", "for_each", "wait", "return_data")


@dataclass(frozen=True, slots=True)
class Offer:
    """A step type as the library shows it, with what was found marked."""

    key: str
    kind: str
    icon: str
    name: Markup
    kind_label: str
    help: Markup


@bp.get("/workflows/<int:workflow_id>/library")
def library(workflow_id: int) -> Response:
    """The list of the popover, for what was typed."""
    visible_workflow(workflow_id)
    query = request.args.get("q", "").strip()
    groups = search(query, request.args.get("kind", ""), step_types().values())
    return hypermedia.render(
        "editor/_library.html", "editor/_library.html", groups=groups, query=query
    )


def kinds() -> list[tuple[str, str]]:
    """The kinds that have at least one step: key and label."""
    there = {step_type.category for step_type in step_types().values()}
    return [(key, label) for key, label in KINDS if not key or key in there]


def search(query: str, kind: str, types: Iterable[StepType]) -> list[tuple[str, list[Offer]]]:
    """Offers in groups: by name, then by keyword and help; all by kind without a query."""
    fitting = [step_type for step_type in types if kind in ("", step_type.category)]
    if not query:
        return _by_kind(fitting)
    words = query.casefold().split()
    ranked = [(rank(step_type, words), step_type) for step_type in fitting]
    by_name = [found for score, found in sorted(ranked, key=_order) if 0 < score <= 2]
    by_help = [found for score, found in sorted(ranked, key=_order) if score > 2]
    heading = f"Also fits “{query}”" if by_name else ""
    groups = [("", by_name), (heading, by_help)]
    return [(name, [offer(t, words) for t in found]) for name, found in groups if found]


def rank(step_type: StepType, words: list[str]) -> int:
    """1: a name begins like this, 2: it is in the name, 3: a keyword, 4: the help; 0: no."""
    name, text = step_type.label.casefold(), step_type.help.casefold()
    keywords = " ".join(step_type.keywords).casefold()
    if all(any(part.startswith(word) for part in name.split()) for word in words):
        return 1
    for score, place in ((2, name), (3, f"{name} {keywords}"), (4, f"{name} {keywords} {text}")):
        if all(word in place for word in words):
            return score
    return 0


def offer(step_type: StepType, words: list[str]) -> Offer:
    """One line of the list."""
    return Offer(
        step_type.key,
        step_type.category,
        step_type.icon,
        mark(step_type.label, words),
        LABELS.get(step_type.category, step_type.category),
        mark(step_type.help, words),
    )


def mark(text: str, words: list[str]) -> Markup:
    """The text with the first place of each word marked."""
    lower = text.casefold()
    spots = sorted({(lower.find(word), len(word)) for word in words if word in lower})
    pieces, position = [], 0
    for start, length in spots:
        if start < position or len(lower) != len(text):
            continue
        found = escape(text[start : start + length])
        pieces += [escape(text[position:start]), Markup("<mark>{}</mark>").format(found)]
        position = start + length
    return Markup("").join([*pieces, escape(text[position:])])


def _by_kind(types: list[StepType]) -> list[tuple[str, list[Offer]]]:
    """What is used often first, then everything else kind by kind."""
    ordered = sorted(types, key=lambda step_type: (_usual(step_type), step_type.label))
    often = [step_type for step_type in ordered if step_type.key in USUAL_FIRST]
    groups = [("Often used", often)] if len(often) < len(ordered) else []
    shown = set() if not groups else {step_type.key for step_type in often}
    for key, label in KINDS[1:]:
        groups.append((label, [t for t in ordered if t.category == key and t.key not in shown]))
    return [(name, [offer(t, []) for t in found]) for name, found in groups if found]


def _usual(step_type: StepType) -> int:
    return USUAL_FIRST.index(step_type.key) if step_type.key in USUAL_FIRST else len(USUAL_FIRST)


def _order(ranked: tuple[int, StepType]) -> tuple[int, int, str]:
    score, step_type = ranked
    return score, _usual(step_type), step_type.label
