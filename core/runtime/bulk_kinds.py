"""What a bulk action does to one run: cancel it, run it again, or retry it where it failed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from core.engine.errors import StateConflict
from core.engine.states import FINAL, RunState
from core.runtime import admission, cancelling, endings, resuming, runs
from core.runtime.resuming import NotResumable, Plan
from core.runtime.runs import NewRun, NothingPublished
from core.storage.columns import new_id
from core.storage.db import db
from core.storage.run import Run, Wait
from core.storage.workflow import Workflow
from core.storage.workspace import Workspace

KINDS = ("cancel", "rerun", "retry")
GONE = "not there any more"
ENDED = "already ended"
NOT_ENDED = "not ended yet"
NOT_FAILED = "not failed, so there is nothing to retry"
TAKEN_UP = "somebody has taken it up already"
DELETED = "its workflow has been deleted"
UNPUBLISHED = "its workflow has not been published"
RUN, WAIT = Run.__table__, Wait.__table__


class Skipped(Exception):
    """It can't be done to this run; the message says why, in words without a full stop."""


@dataclass(slots=True)
class Portion:
    """What some runs that are done together share, and who hears of it once it is committed."""

    ids: list[str]  # of new runs, in the order of time, as lines go by it
    patterns: dict[tuple[int, bool], NewRun | Skipped] = field(default_factory=dict)
    workspace: Workspace | None = None
    rows: list[dict[str, Any]] = field(default_factory=list)
    entering: list[Run] = field(default_factory=list)
    ended: list[tuple[str, Sequence[endings.Rung]]] = field(default_factory=list)

    @classmethod
    def of(cls, size: int) -> "Portion":
        """For so many runs."""
        return cls(sorted(new_id() for _ in range(size)))

    def add(self, new: NewRun) -> None:
        """A new run, written with the others."""
        if self.workspace is None:
            self.workspace = db.session.get_one(Workspace, new.workflow.workspace_id)
        row = runs.row_of(new, self.workspace)
        self.rows.append(row)
        self.entering.append(Run(**row))

    def write(self, connection: Connection) -> None:
        """Write the new runs."""
        if self.rows:
            connection.execute(insert(RUN), self.rows)

    def tell(self) -> None:
        """Ring for them; what nobody hears is rung for again by the scheduler."""
        admission.enter_all(self.entering)
        for run_id, rung in self.ended:
            endings.tell(run_id, rung)


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one run."""

    state: str  # asked | done | skipped | failed
    reason: str | None = None
    new_run_id: str | None = None


Prepared = Plan | Skipped | None


def prepare(action: Any, run: Row[Any] | None) -> Prepared:
    """What can be found out before the transaction in which it is done."""
    if action.kind != "retry" or run is None:
        return None
    if run.state != RunState.FAILED:
        return Skipped(NOT_FAILED)
    try:
        return resuming.plan(run, is_published=action.on_published)
    except NotResumable as refused:
        return Skipped(str(refused))


def act(
    connection: Connection, action: Any, run: Row[Any] | None, prepared: Prepared, portion: Portion
) -> Result:
    """Do it to the run whose row is locked, in the transaction that notes what became of it."""
    try:
        if run is None:
            raise Skipped(GONE)
        if isinstance(prepared, Skipped):
            raise prepared
        if action.kind == "cancel":
            return _cancel(connection, action, run, portion)
        if action.kind == "rerun":
            return _run_again(action, run, portion)
        return _retry(connection, action, run, prepared, portion)
    except Skipped as why:
        return Result("skipped", str(why))


def origin_key(action_id: str, run_id: str) -> str:
    """What makes a second run for the same one impossible."""
    return f"bulk:{action_id}:{run_id}"


def origin_of(run: Run | Row[Any]) -> tuple[str, str] | None:
    """Of a run that a bulk action started: the action, and the run that it repeats."""
    kind, _, rest = (run.origin_key or "").partition(":")
    action_id, _, run_id = rest.partition(":")
    return (action_id, run_id) if kind == "bulk" and run_id else None


def waiting_for_others(connection: Connection, ids: Sequence[str]) -> set[str]:
    """Those of these runs that wait for a run of theirs to end."""
    query = select(WAIT.c.run_id).where(WAIT.c.run_id.in_(ids), WAIT.c.kind == "child")
    return set(connection.execute(query).scalars())


def _cancel(connection: Connection, action: Any, run: Row[Any], portion: Portion) -> Result:
    try:
        rung = cancelling.write(connection, run, by=action.started_by)
    except StateConflict:
        raise Skipped(ENDED) from None
    portion.ended.append((run.id, rung))
    return Result("done")


def _run_again(action: Any, run: Row[Any], portion: Portion) -> Result:
    if run.state not in FINAL:
        raise Skipped(NOT_ENDED)
    is_test = run.mode != "live"
    same = run.workflow_id, is_test
    if same not in portion.patterns:
        portion.patterns[same] = _pattern(*same, by=action.started_by)
    pattern = portion.patterns[same]
    if isinstance(pattern, Skipped):
        raise pattern
    key = origin_key(action.id, run.id)
    own = {"id": portion.ids.pop(0), "input": run.input, "origin_key": key}
    new = replace(pattern, **own)
    portion.add(new)
    return Result("done", new_run_id=new.id)


def _pattern(workflow_id: int, is_test: bool, *, by: str) -> NewRun | Skipped:
    """What all new runs of a workflow have in common, or why there can be none."""
    workflow = db.session.get_one(Workflow, workflow_id)
    if workflow.deleted_at is not None:
        return Skipped(DELETED)
    try:
        return (runs.new_test if is_test else runs.new_by_hand)(workflow, {}, by=by)
    except NothingPublished:
        return Skipped(UNPUBLISHED)


def _retry(
    connection: Connection, action: Any, run: Row[Any], plan: Plan | None, portion: Portion
) -> Result:
    if plan is None or run.state != RunState.FAILED:
        raise Skipped(TAKEN_UP)
    try:
        portion.entering.append(resuming.reopen(connection, run, plan, by=action.started_by))
    except StateConflict:
        raise Skipped(TAKEN_UP) from None
    return Result("done")


def by_id(connection: Connection, ids: Sequence[str], *, locked: bool) -> Mapping[str, Row[Any]]:
    """These runs' rows; locked from the newest on, as a run that ends locks its parent last."""
    query = select(RUN).where(RUN.c.id.in_(ids)).order_by(RUN.c.id.desc())
    if locked:
        query = query.with_for_update()
    return {row.id: row for row in connection.execute(query)}
