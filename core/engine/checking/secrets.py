"""Text that looks like a password or key typed into a workflow."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from core.engine.checking.problem import Place, Problem

SHAPES = re.compile(
    r"""
    \b(?: sk_live_ | rk_live_ | sk-[A-Za-z]*-? | whsec_ | ghp_ | gho_ | ghs_ | github_pat_ | glpat-
      | xox[abprs]- | SG\. | AKIA | ob_[A-Za-z0-9]{8}_ | AIza | npm_ | dop_v1_ )
      [A-Za-z0-9_\-.]{12,}
    | -----BEGIN\ [A-Z ]*PRIVATE\ KEY-----
    | \beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}
    | \b(?:Bearer|Basic|Token)\s+(?!\{\{)[A-Za-z0-9+/_\-.=]{16,}
    | ://[^/\s:@{]+:(?!\{\{)[^/\s@]{4,}@
    """,
    re.VERBOSE,
)
NAMES = re.compile(
    r"(?:^|[_\-.])(?:password|passwd|secret|api_?key|access_?token|auth_?token|private_?key"
    r"|client_?secret|x-api-key)$",
    re.IGNORECASE,
)
SHORTEST = 8  # characters of what stands under such a name


def secret_problems(value: Any, place: Place, name: str = "") -> Iterator[Problem]:
    """Warnings about what should stand in a connection instead."""
    if isinstance(value, str):
        if looks_secret(value, name):
            yield place.warning(
                "secret_typed_in",
                "this looks like a password or key; everyone who sees the workflow can read it. "
                "Keep it in a connection",
                about=value,
            )
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from secret_problems(inner, place.inner(key), str(key))
    elif isinstance(value, list | tuple):
        for position, inner in enumerate(value):
            yield from secret_problems(inner, place.inner(position), name)


def looks_secret(text: str, name: str) -> bool:
    """Whether text under that name is probably a secret."""
    if SHAPES.search(text):
        return True
    is_bare = "{{" not in text and " " not in text
    return is_bare and len(text) >= SHORTEST and bool(NAMES.search(name))
