"""The first call of the example: what the first screen listens for, and what it then shows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.runtime import run_view
from core.runtime.run_steps import StepView
from core.runtime.run_view import RunView
from core.storage.db import db
from core.storage.run import Run
from core.storage.workflow import Workflow

LONGEST_TEXT = 60
KEYS_SHOWN = 2


@dataclass(frozen=True, slots=True)
class FirstCall:
    """The newest call of the example, and all its steps in a line."""

    view: RunView

    @property
    def run(self) -> Run:
        """The run it started."""
        return self.view.run

    @property
    def steps(self) -> list[StepView]:
        """What started it, then its steps."""
        return [self.view.start, *self.view.steps]

    @property
    def status(self) -> int | None:
        """The HTTP status of the answer, if one was given."""
        response = self.run.response
        return response.get("status") if isinstance(response, Mapping) else None


def newest(workflow: Workflow) -> FirstCall | None:
    """The newest call of the example, if there was one."""
    query = (
        db.select(Run)
        .where(Run.workflow_id == workflow.id, Run.origin == "endpoint")
        .order_by(Run.id.desc())
        .limit(1)
    )
    run = db.session.scalars(query).one_or_none()
    return None if run is None else FirstCall(run_view.view(run))


def brief(value: Any) -> str:
    """A value in a few words."""
    if isinstance(value, Mapping):
        shown = [key for key in value if key not in ("headers", "query", "caller")]
        return ", ".join(f"{key} {brief(value[key])}" for key in shown[:KEYS_SHOWN])
    if isinstance(value, list):
        return "1 item" if len(value) == 1 else f"{len(value)} items"
    if value is None:
        return "nothing"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT] + "…"
