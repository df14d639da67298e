"""What a workspace is called and where its clock is."""

from zoneinfo import available_timezones

from core import clock
from core.runtime import schedules, second_factor
from core.storage.db import db, transaction
from core.storage.user import User
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


def ask_for_second_factor(workspace: Workspace, asked: bool, *, by: User) -> None:
    """Whether everybody here must use two-factor sign-in; who asks for it must have it."""
    if asked and not workspace.asks_second_factor and second_factor.on_since(by.id) is None:
        problem = "Switch it on for yourself first, under Your account."
        raise InvalidWorkspace({"asks_second_factor": problem})
    with transaction():
        workspace.asks_second_factor = asked


def change(workspace: Workspace, *, label: str, timezone: str) -> None:
    """Give a workspace another name or time zone."""
    if problems := problems_of(label, timezone):
        raise InvalidWorkspace(problems)
    with transaction():
        is_elsewhere = workspace.timezone != timezone
        workspace.label, workspace.timezone = label.strip(), timezone
        if is_elsewhere:
            schedules.follow_zone(workspace)
