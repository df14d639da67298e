"""What people have answered to a run: what a crash left open, and what it asked for."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from core.engine import answers, crashes
from core.storage.run import Wait

APPROVED, DECLINED = "approved", "declined"


@dataclass(frozen=True, slots=True)
class Said:
    """One answer: `word` is one of crashes.DECISIONS, approved or declined."""

    path: str
    word: str
    by: str
    at: datetime


def said_in(waits: Iterable[Wait]) -> tuple[Said, ...]:
    """The answers in the order of time, of all rounds."""
    found = [_said(wait) for wait in waits if wait.answered_at is not None]
    return tuple(sorted((said for said in found if said), key=lambda said: said.at))


def _said(wait: Wait) -> Said | None:
    given = wait.payload
    if not isinstance(given, dict) or wait.answered_at is None:
        return None
    by = str(given.get("by") or "Somebody")
    if wait.kind == crashes.KIND and given.get("decision") in crashes.DECISIONS:
        path = crashes.asked_path(wait.path)
        return Said(path, given["decision"], by, wait.answered_at)
    if wait.kind == answers.APPROVAL and "approved" in given:
        word = APPROVED if given["approved"] else DECLINED
        return Said(wait.path, word, by, wait.answered_at)
    return None
