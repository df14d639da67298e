"""What a person must see first: questions, failures, things that are paused, refused calls."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, literal, select, union_all

from core import clock
from core.engine.errors import DefinitionError
from core.engine.states import Reason, RunState
from core.runtime import definitions
from core.runtime.run_summary import say_error
from core.steps import step_types
from core.storage.db import db
from core.storage.refused_call import RefusedCall
from core.storage.run import Run
from core.storage.run_counts import first_id_at
from core.storage.schedule import Schedule
from core.storage.workflow import Workflow
from core.storage.workspace import Workspace

RECENT = timedelta(days=1)  # failures and refusals older than this are history
SWITCHED_LATELY = timedelta(days=7)  # what was switched off before is meant to be off
FAILED_READ = 500  # runs
WAITING_READ = 100  # of each reason
QUESTIONS_SHOWN = 20
REFUSED_READ = 500
FOR_PEOPLE = (Reason.UNKNOWN_OUTCOME, Reason.APPROVAL)
READ = (
    Run.id,
    Run.title,
    Run.state,
    Run.reason,
    Run.mode,
    Run.error,
    Run.version_id,
    Run.workflow_id,
    Run.created_at,
    Run.finished_at,
)


@dataclass(frozen=True, slots=True)
class Question:
    """A run that goes on when a person has answered."""

    run_id: str
    title: str
    workflow: str
    reason: str
    since: datetime


@dataclass(slots=True)
class Failures:
    """Runs of one workflow that failed in the same way."""

    workflow_id: int
    workflow: str
    name: str
    step: str
    message: str
    run_id: str  # the newest
    first_at: datetime
    last_at: datetime
    count: int = 1


@dataclass(slots=True)
class Refusals:
    """Calls of one workflow that were refused for the same reason."""

    workflow_id: int
    workflow: str
    reason: str
    last_at: datetime
    count: int = 0


@dataclass(frozen=True, slots=True)
class Paused:
    """Something that doesn't start by itself for now: schedules, or a whole workflow."""

    what: str  # everything | schedule | workflow
    id: int | None  # the schedule's, or the workflow's
    label: str
    since: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Attention:
    """Everything that needs a person."""

    questions: list[Question] = field(default_factory=list)
    failures: list[Failures] = field(default_factory=list)
    paused: list[Paused] = field(default_factory=list)
    refusals: list[Refusals] = field(default_factory=list)
    has_more_failures: bool = False  # than were read

    @property
    def count(self) -> int:
        """How many lines that makes."""
        lines = len(self.questions) + len(self.failures)
        return lines + len(self.paused) + len(self.refusals)


def attention(workspace: Workspace) -> Attention:
    """What needs somebody in this workspace, the newest of each kind first."""
    since = clock.now() - RECENT
    failed, waiting = _runs(workspace.id, since)
    return Attention(
        [_question(row) for row in waiting],
        _grouped(failed),
        [*_all_schedules(workspace), *_paused(workspace.id)],
        _refusals(workspace.id, since),
        len(failed) == FAILED_READ,
    )


def _runs(workspace_id: int, since: datetime) -> tuple[list[Any], list[Any]]:
    """Failed runs, and those that wait for a person: one query, each part along its own index."""
    failed = _newest(workspace_id, FAILED_READ, Run.state == RunState.FAILED, _from(since))
    waiting = [_newest(workspace_id, WAITING_READ, Run.reason == reason) for reason in FOR_PEOPLE]
    runs = union_all(*(select(part.subquery()) for part in (failed, *waiting))).subquery("run")
    query = (
        select(runs, Workflow.label.label("workflow"), Workflow.name)
        .join(Workflow, Workflow.id == runs.c.workflow_id)
        .where(runs.c.mode == "live", Workflow.deleted_at.is_(None))
        .order_by(runs.c.id.desc())
    )
    rows = db.session.execute(query).all()
    questions = [row for row in rows if row.state == RunState.WAITING]
    return [row for row in rows if row.state == RunState.FAILED], questions[:QUESTIONS_SHOWN]


def _newest(workspace_id: int, most: int, *which: ColumnElement[bool]) -> Select[Any]:
    """Bounded before anything is joined: no plan can read more rows than that."""
    query = select(*READ).where(Run.workspace_id == workspace_id, *which)
    return query.order_by(Run.id.desc()).limit(most)


def _from(since: datetime) -> ColumnElement[bool]:
    return Run.id >= first_id_at(since)


def _question(row: Any) -> Question:
    return Question(row.id, row.title, row.workflow, row.reason, row.created_at)


def _grouped(failed: Iterable[Any]) -> list[Failures]:
    """Failures of the same workflow, step and code are one, told by the newest."""
    groups: dict[tuple[Any, ...], Failures] = {}
    for row in failed:
        error = row.error or {}
        key = row.workflow_id, error.get("step"), error.get("code")
        at = row.finished_at or row.created_at
        if known := groups.get(key):
            known.count += 1
            known.first_at, known.last_at = min(known.first_at, at), max(known.last_at, at)
            continue
        groups[key] = Failures(
            row.workflow_id,
            row.workflow,
            row.name,
            _step_label(row.version_id, str(error.get("step") or "")),
            say_error(error),
            row.id,
            at,
            at,
        )
    return list(groups.values())


def _step_label(version_id: int, step_id: str) -> str:
    """The step by the name its author gave it."""
    try:
        step = definitions.of_version(version_id).find(step_id)
    except (KeyError, DefinitionError):
        return ""
    step_type = step_types().get(step.type)
    return step.label or (step_type.label if step_type else step.type)


def _all_schedules(workspace: Workspace) -> Iterator[Paused]:
    if workspace.schedules_paused_at:
        by = workspace.schedules_paused_by or ""
        yield Paused("everything", None, "", workspace.schedules_paused_at, by)


def _paused(workspace_id: int) -> list[Paused]:
    """Paused schedules, and published workflows that were lately switched off."""
    mine = Workflow.workspace_id == workspace_id, Workflow.deleted_at.is_(None)
    schedules = (
        select(
            literal("schedule"), Schedule.id, Workflow.label, Schedule.paused_at, Schedule.paused_by
        )
        .join(Workflow, Workflow.id == Schedule.workflow_id)
        .where(*mine, Schedule.is_paused.is_(True), Schedule.paused_at.is_not(None))
    )
    switched_off = (
        Workflow.is_enabled.is_(False),
        Workflow.published_id.is_not(None),
        Workflow.updated_at >= clock.now() - SWITCHED_LATELY,
    )
    workflows = select(
        literal("workflow"), Workflow.id, Workflow.label, Workflow.updated_at, Workflow.updated_by
    ).where(*mine, *switched_off)
    rows = db.session.execute(schedules.union_all(workflows))
    found = [Paused(what, id, label, at, by) for what, id, label, at, by in rows if at]
    return sorted(found, key=lambda one: one.since, reverse=True)


def _refusals(workspace_id: int, since: datetime) -> list[Refusals]:
    query = (
        select(RefusedCall, Workflow.label)
        .join(Workflow, Workflow.id == RefusedCall.workflow_id)
        .where(
            Workflow.workspace_id == workspace_id,
            Workflow.deleted_at.is_(None),
            RefusedCall.at >= since,
            RefusedCall.mode == "live",
        )
        .order_by(RefusedCall.id.desc())
        .limit(REFUSED_READ)
    )
    groups: dict[tuple[int, str], Refusals] = {}
    for call, label in db.session.execute(query):
        new = Refusals(call.workflow_id, label, call.reason, call.at)
        groups.setdefault((call.workflow_id, call.code), new).count += call.times
    return list(groups.values())
