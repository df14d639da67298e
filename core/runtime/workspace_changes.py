"""Change what a workspace is called, where its clock is, and what it asks of its people."""

from core.runtime import schedules, second_factor
from core.runtime.workspaces import InvalidWorkspace, problems_of
from core.storage.db import transaction
from core.storage.user import User
from core.storage.workspace import Workspace


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
