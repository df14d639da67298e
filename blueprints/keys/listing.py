"""What the list of keys says about each."""

from dataclasses import dataclass
from datetime import timedelta

from core import clock, config
from core.engine import scopes
from core.runtime import tokens
from core.storage.token import Token, is_valid_at
from core.storage.workflow import Workflow
from core.storage.workspace import Workspace

SOON = timedelta(days=7)
FIRST_WORKSPACE = "main"


@dataclass(frozen=True, slots=True)
class Row:
    """One key of the list."""

    token: Token
    may_do: tuple[str, ...]

    @property
    def initials(self) -> str:
        """Who made it, in two letters."""
        words = self.token.created_by.split()
        return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()

    @property
    def is_over(self) -> bool:
        """Whether its time has ended."""
        return not is_valid_at(self.token, clock.now())

    @property
    def ends_soon(self) -> bool:
        """Whether somebody should think of a new one."""
        return self.token.expires_at is not None and self.token.expires_at - clock.now() < SOON


def rows(workspace: Workspace, workflows: list[Workflow]) -> list[Row]:
    """All keys that nobody has revoked, newest first."""
    labels = {workflow.name: workflow.label for workflow in workflows}
    return [row_of(token, labels) for token in tokens.listing(workspace.id)]


def row_of(token: Token, labels: dict[str, str]) -> Row:
    return Row(token, tuple(scopes.describe(scope, labels) for scope in token.scopes))


def example_call(text: str, token: Token, workspace: Workspace, names: list[str]) -> str:
    """A line for a terminal that uses the key; empty when there is nothing that it may run."""
    runnable = [name for name in names if tokens.permits(token, f"run:{name}")]
    if not runnable:
        return ""
    room = "" if workspace.name == FIRST_WORKSPACE else f"/{workspace.name}"
    url = f"{config.current().base_url}{room}/api/1.1/wf/{runnable[0]}"
    return (
        f"curl -X POST {url} \\\n  -H 'Authorization: Bearer {text}' \\\n"
        "  -H 'Content-Type: application/json' -d '{}'"
    )
