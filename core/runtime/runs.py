"""Runs from outside: start, find, list, run again, cancel."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import String, cast, or_, select
from sqlalchemy.exc import IntegrityError

from core import clock
from core.engine.errors import StateConflict
from core.engine.states import RunState
from core.runtime import admission, cancelling, children, endings, places, titles
from core.runtime.waiters import Answer, wait_for
from core.storage.columns import new_id
from core.storage.db import db, transaction
from core.storage.run import Run
from core.storage.workflow import Version, Workflow
from core.storage.workspace import Workspace

log = logging.getLogger(__name__)

__all__ = ["Answer", "NewRun", "OriginTaken", "cancel", "find", "listing", "start", "wait_for"]


class OriginTaken(Exception):
    """A run with that origin key exists already: the same call came twice."""

    def __init__(self, run_id: str) -> None:
        super().__init__(run_id)
        self.run_id = run_id


class NothingPublished(Exception):
    """The workflow has no published version to run."""


@dataclass(frozen=True, slots=True)
class NewRun:
    """What a run is started with; `input` is the whole `trigger` of its scope."""

    workflow: Workflow
    version: Version
    origin: str
    input: Mapping[str, Any]
    mode: str = "live"
    origin_key: str | None = None
    started_by: str = ""
    ticket_hash: str | None = None
    timezone: str | None = None
    due_at: datetime | None = None
    schedule_id: int | None = None
    depth: int = 0
    id: str = field(default_factory=new_id)


def start(new: NewRun) -> Run:
    """Store a run, then ring the workers; one they never hear of is found by rescue.

    Raises OriginTaken when a run of that workflow has the same origin key.
    """
    try:
        with transaction() as session:
            run = add(new)
            session.flush()
    except IntegrityError:
        taken = _with_origin(new.workflow.id, new.origin_key)
        if taken is None:
            raise
        raise OriginTaken(taken) from None
    admission.enter(run)
    return run


def add(new: NewRun) -> Run:
    """Put a new run into the current transaction; ring it after the commit."""
    workspace = db.session.get_one(Workspace, new.workflow.workspace_id)
    run = Run(**row_of(new, workspace))
    db.session.add(run)
    return run


def row_of(new: NewRun, workspace: Workspace) -> dict[str, Any]:
    """What is written of a new run."""
    timezone = new.timezone or workspace.timezone
    now = clock.now()

    def make_scope() -> dict[str, Any]:
        return _scope(new, workspace, timezone)

    return {
        "id": new.id,
        "workspace_id": workspace.id,
        "workflow_id": new.workflow.id,
        "version_id": new.version.id,
        "mode": new.mode,
        "origin": new.origin,
        "origin_key": new.origin_key,
        "started_by": new.started_by,
        "title": titles.title(new.version.id, make_scope),
        "input": dict(new.input),
        "ticket_hash": new.ticket_hash,
        "timezone": timezone,
        "due_at": new.due_at,
        "schedule_id": new.schedule_id,
        "depth": new.depth,
        "chain": 0,
        "lane": "io",
        "state": RunState.QUEUED,
        "reason": None,
        "created_at": now,
        "rung_at": now,
        **places.entering(new.version.id, new.mode, make_scope),
    }


def start_test(workflow: Workflow, input: Mapping[str, Any], *, by: str) -> Run:
    """Run the draft as it stands now."""
    return start(new_test(workflow, input, by=by))


def new_test(workflow: Workflow, input: Mapping[str, Any], *, by: str) -> NewRun:
    """What a run of the draft is started with."""
    return NewRun(workflow, draft_version(workflow), "test", input, "test", started_by=by)


def start_by_hand(workflow: Workflow, input: Mapping[str, Any], *, by: str) -> Run:
    """Run what is published; raises NothingPublished."""
    return start(new_by_hand(workflow, input, by=by))


def new_by_hand(workflow: Workflow, input: Mapping[str, Any], *, by: str) -> NewRun:
    """What a run of the published version is started with; raises NothingPublished."""
    version = workflow.published
    if version is None:
        raise NothingPublished(f"“{workflow.label}” has not been published yet")
    return NewRun(workflow, version, "manual", input, started_by=by)


def draft_version(workflow: Workflow) -> Version:
    """The frozen copy of the draft's revision, made if there is none yet."""
    with transaction() as session:
        row = session.execute(
            select(Workflow.__table__).where(Workflow.__table__.c.id == workflow.id)
        ).one()
        version_id = children.snapshot(session.connection(), row)
    return db.session.get_one(Version, version_id)


def run_again(run: Run, *, by: str, input: Mapping[str, Any] | None = None) -> Run:
    """A new run of the same kind with the same input, or with an edited one.

    A live run takes what is published now, a test what the draft is now.
    """
    workflow = db.session.get_one(Workflow, run.workflow_id)
    given = run.input if input is None else {**run.input, **input}
    if run.mode != "live":
        return start_test(workflow, given, by=by)
    return start_by_hand(workflow, given, by=by)


def cancel(run: Run, *, by: str = "") -> None:
    """End a run on purpose: at once if nobody holds it, else before its next effect.

    `by` is the person. Raises StateConflict when it has ended already.
    """
    with transaction() as session:
        row = session.execute(
            select(Run.__table__).where(Run.__table__.c.id == run.id).with_for_update()
        ).one()
        rung = cancelling.write(session.connection(), row, by=by)
    endings.tell(run.id, rung)
    cancelling.cancel_awaited(run.id)
    db.session.refresh(run)


def cancel_unless_ended(run: Run, *, by: str = "") -> None:
    """End a run on purpose, unless it was faster."""
    try:
        cancel(run, by=by)
    except StateConflict as conflict:
        log.info("nothing to cancel: %s", conflict, extra={"run_id": run.id})


def find(workspace_id: int, run_id: str) -> Run | None:
    """The run of that id, if it belongs to the workspace."""
    return db.session.scalar(select(Run).where(Run.workspace_id == workspace_id, Run.id == run_id))


def listing(
    workspace_id: int,
    *,
    workflow_id: int | None = None,
    state: str | None = None,
    text: str = "",
    since: datetime | None = None,
    before: str | None = None,
    limit: int = 50,
) -> list[Run]:
    """Runs, newest first; `before` is the id of the last one of the page before."""
    query = select(Run).where(Run.workspace_id == workspace_id)
    if workflow_id is not None:
        query = query.where(Run.workflow_id == workflow_id)
    if state:
        query = query.where(Run.state == state)
    if since is not None:
        query = query.where(Run.created_at >= since)
    if before is not None:
        query = query.where(Run.id < before)
    if text:
        found = (Run.title, Run.id, cast(Run.input, String), cast(Run.response, String))
        query = query.where(or_(*(column.icontains(text, autoescape=True) for column in found)))
    return list(db.session.scalars(query.order_by(Run.id.desc()).limit(limit)))


def _with_origin(workflow_id: int, origin_key: str | None) -> str | None:
    if origin_key is None:
        return None
    same = Run.workflow_id == workflow_id, Run.origin_key == origin_key
    return db.session.scalar(select(Run.id).where(*same))


def _scope(new: NewRun, workspace: Workspace, timezone: str) -> dict[str, Any]:
    """What can be read before there is a run."""
    return {
        "trigger": new.input,
        "run": {"id": new.id, "origin": new.origin, "timezone": timezone},
        "workspace": {"name": workspace.name, "label": workspace.label, "timezone": timezone},
        "__now__": clock.now,
    }
