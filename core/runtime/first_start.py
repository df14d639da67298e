"""Make a folder ready: tables, the first workspace, and the example that answers a first call."""

import shlex
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select

from core import clock, config
from core.runtime import tokens, users, workflow_files, workspaces
from core.storage import migrate
from core.storage.db import transaction
from core.storage.workflow import Workflow
from core.storage.workspace import Workspace

WELCOME = Path(__file__).resolve().parents[2] / "examples" / "welcome.yaml"
KEY_LIFE = timedelta(hours=24)
KEY_NAME = "Welcome, for the first day"


@dataclass(frozen=True, slots=True)
class FirstStart:
    """What `up` prints: the owner's link until it was used, the curl line at the first start."""

    owner_url: str | None
    welcome_curl: str | None


def prepare() -> FirstStart:
    """Bring the database up to date and fill an empty one; safe to call at every start."""
    migrate.upgrade()
    with transaction() as session:
        workspace = workspaces.first()
        is_empty = not session.scalar(select(func.count()).select_from(Workflow))
        if is_empty:
            by = "openBuild"
            workflow_files.apply(workspace.id, [WELCOME.read_text()], by=by, publish=True)
    curl = welcome_curl(workspace) if is_empty else None
    return FirstStart(users.owner_link() if users.is_owner_missing() else None, curl)


def welcome_curl(workspace: Workspace) -> str | None:
    """A line to paste, with a key that starts the example and nothing else, for a day."""
    if Workflow.named(workspace.id, "welcome") is None:
        return None
    ends = clock.now() + KEY_LIFE
    scopes = ["run:welcome"]
    _, key = tokens.create(workspace.id, KEY_NAME, scopes, expires=ends, created_by="openBuild")
    url = f"{config.current().base_url}/api/1.1/wf/welcome"
    sample = '{"name": "Ana", "email": "ana@example.org"}'
    key_header, type_header = f"Authorization: Bearer {key}", "Content-Type: application/json"
    words = ["curl", url, "-H", key_header, "-H", type_header, "-d", sample]
    return " ".join(shlex.quote(word) for word in words)
