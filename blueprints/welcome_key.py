"""The key for the example `welcome`: it starts nothing else, for a day, and this browser keeps it.

A key's text is shown once. The browser that made it may show it again while it works, because
the curl line of the first screen is of no use without it.
"""

from dataclasses import dataclass
from datetime import datetime

from flask import session

from core import clock
from core.runtime import tokens
from core.runtime.first_start import KEY_LIFE
from core.storage.workflow import Workflow

SLOT = "welcome_key"
EXAMPLE = "welcome"


@dataclass(frozen=True, slots=True)
class WelcomeKey:
    """The key and when it ends."""

    text: str
    ends: datetime


def make(workspace_id: int, *, by: str) -> None:
    """Make a key for the example, if it is there, and keep it in this browser's session."""
    if Workflow.named(workspace_id, EXAMPLE) is None:
        return
    ends = clock.now() + KEY_LIFE
    scopes = [f"run:{EXAMPLE}"]
    name = f"Welcome, tried by {by}"
    _, text = tokens.create(workspace_id, name, scopes, expires=ends, created_by=by)
    session[SLOT] = {"text": text, "ends": ends.isoformat()}


def kept() -> WelcomeKey | None:
    """The key of this browser, while it works."""
    if SLOT not in session:
        return None
    key = WelcomeKey(session[SLOT]["text"], datetime.fromisoformat(session[SLOT]["ends"]))
    return key if key.ends > clock.now() else None
