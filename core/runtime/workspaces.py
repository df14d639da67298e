"""Which workspaces there are, and what may be typed about one."""

from zoneinfo import available_timezones

from core import clock
from core.storage.db import db
from core.storage.workspace import Workspace

FIRST = "main"
LONGEST_LABEL = 100


class InvalidWorkspace(Exception):
    """Some of what was typed can't be taken; `problems` says what, by field."""

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = problems


def problems_of(label: str, timezone: str) -> dict[str, str]:
    """What keeps a workspace from being called so, by field."""
    problems = {}
    if not label.strip():
        problems["label"] = "A company, a team or your own name."
    elif len(label) > LONGEST_LABEL:
        problems["label"] = f"At most {LONGEST_LABEL} characters."
    if timezone not in available_timezones():
        problems["timezone"] = "Choose a time zone of the list."
    return problems


def first() -> Workspace:
    """The first workspace, made if there is none yet. The caller commits."""
    workspace = Workspace.named(FIRST)
    if workspace is None:
        workspace = Workspace(name=FIRST, label="Main", timezone="UTC", created_at=clock.now())
        db.session.add(workspace)
        db.session.flush()
    return workspace
