"""The pages of one workflow, and the tabs that lead from one to another."""

from dataclasses import dataclass
from typing import Any

from flask import current_app, request, url_for

from core.storage.workflow import Workflow

START = "start"  # the card of a workflow's starts, among the steps of its editor
TABS = (
    ("Build", "editor.show"),
    ("Runs", "runs.of_workflow"),
    ("Starts", "editor.show_starts"),
    ("Versions", "editor.versions"),
    ("Settings", "editor.settings"),
)


@dataclass
class WorkflowPages:
    """A workflow, as each of its pages is headed."""

    workflow: Workflow

    @property
    def tabs(self) -> list[tuple[str, str, bool]]:
        """The pages of this workflow: label, address, whether it is this one."""
        found = ((label, address(end, workflow_id=self.workflow.id), end) for label, end in TABS)
        return [(label, url, end == request.endpoint) for label, url, end in found if url]


def address(endpoint: str, **values: Any) -> str:
    """The address of a page, or nothing if this build has no such page."""
    return url_for(endpoint, **values) if endpoint in current_app.view_functions else ""
