"""What a key may do: scopes as they are written, and what each of them permits."""

import re
from collections.abc import Iterable, Mapping

NAME = r"(?:\*|[a-z0-9][a-z0-9_-]{0,63})"
FORMS = (
    re.compile(rf"run:{NAME}"),
    re.compile(r"runs:(?:read|manage)"),
    re.compile(rf"data:{NAME}:(?:read|write)"),
    re.compile(r"admin"),
)
USUAL = ("run:*", "runs:read")
EXAMPLES = "run:*, run:order-intake, runs:read, runs:manage, data:order:read, data:*:write, admin"


def is_scope(text: str) -> bool:
    """Whether it is written as a scope is."""
    return any(form.fullmatch(text) for form in FORMS)


def permits(scopes: Iterable[str], needed: str) -> bool:
    """Whether these scopes permit what is needed; `admin` permits everything."""
    return any(scope == "admin" or _covers(scope, needed) for scope in scopes)


def _covers(scope: str, needed: str) -> bool:
    """Whole parts compared exactly: a star stands for any name, changing includes reading."""
    match scope.split(":"), needed.split(":"):
        case ["run", name], ["run", asked]:
            return name in ("*", asked)
        case ["runs", verb], ["runs", asked]:
            return verb in ("manage", asked)
        case ["data", name, verb], ["data", asked, asked_verb]:
            return name in ("*", asked) and verb in ("write", asked_verb)
    return False


def describe(scope: str, workflow_labels: Mapping[str, str]) -> str:
    """A scope in words: “Run Order intake”."""
    match scope.split(":"):
        case ["admin"]:
            return "Everything"
        case ["run", "*"]:
            return "Run every workflow"
        case ["run", name]:
            return f"Run {workflow_labels.get(name, name)}"
        case ["runs", "read"]:
            return "Read runs"
        case ["runs", "manage"]:
            return "Read, cancel and retry runs"
        case ["data", type, verb]:
            what = "all data" if type == "*" else type
            return f"{'Read' if verb == 'read' else 'Read and change'} {what}"
    return scope
