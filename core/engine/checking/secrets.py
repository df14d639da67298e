"""Text that looks like a password or key typed into a workflow."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from core.engine import expressions
from core.engine.checking.problem import Place, Problem
from core.engine.expressions import ExpressionError, nodes
from core.engine.expressions.nodes import Literal, Node

SHAPES = re.compile(
    r"""
    \b(?: [sr]k_(?:live|test)_ | whsec_ | gh[pos]_ | github_pat_ | glpat- | xox[abprs]- | SG\.
      | AKIA | ob_[A-Za-z0-9]{8}_ | AIza | dop_v1_ )
      [A-Za-z0-9_\-.]{12,}
    | \bnpm_[A-Za-z0-9]{30,}
    | -----BEGIN\ [A-Z ]*PRIVATE\ KEY-----
    | \beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}
    | ://[^/\s:@{]+:(?!\{\{)[^/\s@]{4,}@
    | \bhooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9/]{20,}
    | \bdiscord(?:app)?\.com/api/webhooks/\d+/[A-Za-z0-9_-]{20,}
    | \bapi\.telegram\.org/bot\d{6,}:[A-Za-z0-9_-]{20,}
    """,
    re.VERBOSE,
)
MIXED = re.compile(  # what stands behind these is a key only if no word looks like it
    r"\b(?:sk-[A-Za-z]*-?|(?:Bearer|Basic|Token)\s+)([A-Za-z0-9+/_\-.=]{16,})"
)
NAMES = re.compile(
    r"(?:^|[_\-.\s])(?:password|passwd|secret|api[_-]?key|access[_-]?token|auth[_-]?token"
    r"|private[_-]?(?:key|token)|client[_-]?secret|secret[_-]?(?:access[_-]?)?key)$"
    r"|^(?:proxy-)?authorization$",
    re.IGNORECASE,
)
VAGUE_NAMES = re.compile(r"(?:^|[_\-.])(?:token|sig|signature)$", re.IGNORECASE)
SCHEME = re.compile(r"(?:Bearer|Basic|Token|ApiKey|Key)\s+", re.IGNORECASE)
QUERY = re.compile(r"[?&]([\w.\-]+)=([^&#\s{}]+)(?=[&#\s]|$)")
NAME = r"(?<![\w-])([\w-]{3,40})"
WRITTEN = re.compile(NAME + r"""\\?["']?\s*[:=]\s*(?:\\?["']([^"'\\{}\s]+)\\?["'])""")
SET = re.compile(NAME + r"\s*[:=]\s*([A-Za-z0-9+/_\-]{16,}={0,2})(?![\w{(])")
SHORTEST = 8  # characters of what stands under such a name
RUNS = re.compile(r"[A-Za-z0-9]{8,}")
ADVICE = (
    "this looks like a password or key; everyone who sees the workflow can read it. "
    "Keep it in a connection"
)


def secret_problems(value: Any, place: Place, name: str = "") -> Iterator[Problem]:
    """Warnings about what should stand in a connection instead."""
    if isinstance(value, str):
        if looks_secret(value, name):
            yield place.warning("secret_typed_in", ADVICE, about=value)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from secret_problems(inner, place.inner(key), name_of(str(key), value))
    elif isinstance(value, list | tuple):
        for position, inner in enumerate(value):
            yield from secret_problems(inner, place.inner(position), name)


def name_of(key: str, around: Mapping[str, Any]) -> str:
    """What a value is called; a side of a comparison is called as what it is compared with."""
    other = {"left": "right", "right": "left"}.get(key, "")
    if "is" not in around or not isinstance(around.get(other), str):
        return key
    return next((last_name(node) for node in parsed(around[other])), "")


def last_name(node: Node) -> str:
    """The last key of a path."""
    last = node.keys[-1] if isinstance(node, nodes.Path) and node.keys else None
    return str(last.value) if isinstance(last, Literal) else ""


def looks_secret(text: str, name: str) -> bool:
    """Whether text under that name is probably a secret."""
    if "{{" in text and any(is_secret_inside(node, name) for node in parsed(text)):
        return True
    return is_secret_text(text, name)


def parsed(text: str) -> tuple[Node, ...]:
    """The expressions in a text that can be read."""
    try:
        return expressions.parse(text).nodes if "{{" in text else ()
    except ExpressionError:
        return ()


def is_secret_text(text: str, name: str) -> bool:
    """The same for text as it is written."""
    if SHAPES.search(text) or any(is_mixed(found) for found in MIXED.findall(text)):
        return True
    if "{{" not in text and is_secret_value(SCHEME.sub("", text, count=1), name):
        return True
    queries = ((value, "token" if key == "key" else key) for key, value in QUERY.findall(text))
    if any(is_secret_value(value, key) for value, key in queries):
        return True
    if any(is_no_word(v) and is_strong(called, v) for called, v in WRITTEN.findall(text)):
        return True
    return any(is_mixed(value) and is_strong(called, value) for called, value in SET.findall(text))


def is_secret_value(text: str, name: str) -> bool:
    """Whether a value is a secret because of what it is called."""
    if VAGUE_NAMES.search(name) and is_mixed(text) and len(text) >= 2 * SHORTEST:
        return " " not in text
    return is_strong(name, text)


def is_strong(name: str, text: str) -> bool:
    return len(text) >= SHORTEST and not re.search(r"\s", text) and bool(NAMES.search(name))


def is_mixed(text: str) -> bool:
    """Whether letters and digits stand in it as in no word, name or date."""
    return any(re.search(r"\d", run) and re.search(r"[A-Za-z]", run) for run in RUNS.findall(text))


def is_no_word(text: str) -> bool:
    return bool(re.search(r"[^A-Za-z_]", text))


def is_secret_inside(node: Node, name: str) -> bool:
    """Whether a secret is written in an expression whose value has that name."""
    match node:
        case Literal(str() as text):
            return is_secret_text(text, name)
        case nodes.Sum(first, rest) if any(sign == "+" for sign, _, _ in rest):
            text = "".join(map(written, (first, *(part for _, part, _ in rest))))
            return is_secret_text(text, name) or any(
                is_secret_inside(part, "") for part in nodes.children(node)
            )
        case nodes.Comparison():
            sides = list(nodes.children(node))
            called = next(filter(None, map(last_name, sides)), "")
            return any(is_secret_inside(side, called) for side in sides)
        case nodes.Choice(condition, then, otherwise):
            return is_secret_inside(condition, "") or any(
                is_secret_inside(side, name) for side in (then, otherwise)
            )
        case nodes.Logic(_, operands):
            return any(is_secret_inside(operand, name) for operand in operands)
        case nodes.ObjectOf(pairs):
            return any(
                is_secret_inside(value, str(getattr(key, "value", ""))) for key, value in pairs
            )
    return any(is_secret_inside(part, "") for part in nodes.children(node))


def written(node: Node) -> str:
    """A part of a sum as text; what only a run knows stands as an expression would."""
    return node.value if isinstance(node, Literal) and isinstance(node.value, str) else "{{}}"
