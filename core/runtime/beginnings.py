"""Whether a workspace has only just begun."""

from datetime import datetime

from sqlalchemy import func, select

from core.storage.db import db
from core.storage.run import Run
from core.storage.run_counts import first_id_at
from core.storage.workflow import Workflow


def is_new(workspace_id: int, since: datetime | None, *, but: str) -> bool:
    """Whether there is no workflow besides the one called `but`, and no run older than `since`.

    Whoever tries the example at or before a first visit (`since` is None) stays on the first
    screen; at the next visit, or with a workflow of one's own, there is something to show.
    """
    own = select(func.min(Workflow.id)).where(
        Workflow.workspace_id == workspace_id, Workflow.deleted_at.is_(None), Workflow.name != but
    )
    oldest = select(func.min(Run.id)).where(Run.workspace_id == workspace_id)
    query = select(own.scalar_subquery(), oldest.scalar_subquery())
    workflow_id, run_id = db.session.execute(query).one()
    is_untouched = run_id is None or since is None or run_id >= first_id_at(since)
    return workflow_id is None and is_untouched
