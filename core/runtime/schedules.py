"""Schedules as a workspace has them: they follow what is published; pause, move, run now."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update

from core import clock
from core.engine import parameters, recurrence
from core.engine.recurrence import Recurrence
from core.runtime import runs
from core.storage.columns import database_time
from core.storage.db import db, transaction
from core.storage.run import Run
from core.storage.schedule import Schedule
from core.storage.workflow import Version, Workflow
from core.storage.workspace import Workspace


class BadMove(Exception):
    """The time that was wished can't be taken; the message says why."""


def follow(workflow: Workflow, version: Version) -> None:
    """Make the workflow's schedules what a version says, in the transaction that publishes it.

    One that says the same time as before goes on as it was: paused, moved, counted from its start.
    """
    wanted = {each["key"]: each for each in version.definition.triggers.get("schedules") or ()}
    present = {schedule.key: schedule for schedule in Schedule.of_workflow(workflow.id)}
    for key in present.keys() - wanted.keys():
        db.session.delete(present[key])
    for key, said in wanted.items():
        schedule = present.get(key) or _new(workflow, key)
        _read(schedule, said, version)
        db.session.add(schedule)


def forget(workflow: Workflow) -> None:
    """A deleted workflow has no schedules. The caller commits."""
    db.session.execute(delete(Schedule).where(Schedule.workflow_id == workflow.id))


def follow_zone(workspace: Workspace) -> None:
    """The workspace's zone has changed: plan what goes by it anew. The caller commits."""
    by_it = Schedule.workspace_id == workspace.id, Schedule.timezone.is_(None)
    for schedule in db.session.scalars(select(Schedule).where(*by_it)):
        _plan(schedule, now())


def now() -> datetime:
    """The time that schedules and waits go by."""
    return database_time(db.session())


def rhythm(schedule: Schedule) -> Recurrence:
    """When a schedule runs."""
    return recurrence.read(schedule.recurrence, zone_of(schedule), schedule.starts_at)


def zone_of(schedule: Schedule) -> str:
    """The zone a schedule goes by: its own, or the workspace's."""
    return schedule.timezone or db.session.get_one(Workspace, schedule.workspace_id).timezone


def next_on_grid(schedule: Schedule) -> datetime | None:
    """The time after the next one, wherever that was moved to."""
    if schedule.next_at is None:
        return None
    return rhythm(schedule).next_after(
        max(schedule.next_at, schedule.moved_from or schedule.next_at)
    )


def pause(schedule: Schedule, *, by: str) -> None:
    """Start nothing by it until it is resumed; what comes due meanwhile counts as missed."""
    with transaction():
        schedule = _locked(schedule)
        schedule.is_paused, schedule.paused_by, schedule.paused_at = True, by, clock.now()


def resume(schedule: Schedule) -> None:
    """Let it go on; times that have passed meanwhile are treated as missed."""
    with transaction():
        schedule = _locked(schedule)
        schedule.is_paused, schedule.paused_by, schedule.paused_at = False, "", None


def pause_all(workspace: Workspace, *, by: str) -> None:
    """Start nothing by any schedule of the workspace; calls are answered as ever."""
    _switch_all(workspace, clock.now(), by)


def resume_all(workspace: Workspace) -> None:
    """Let all go on that are not paused themselves."""
    _switch_all(workspace, None, None)


def leave_out_next(schedule: Schedule) -> None:
    """Pass over the next time once."""
    with transaction():
        schedule = _locked(schedule)
        schedule.next_at, schedule.moved_from = next_on_grid(schedule), None


def move_next(schedule: Schedule, at: datetime) -> None:
    """Run the next time at another moment, once; raises BadMove."""
    with transaction():
        schedule = _locked(schedule)
        if schedule.next_at is None:
            raise BadMove("It has no next time.")
        if at <= now():
            raise BadMove("This time has passed; use Run now instead.")
        stands_for = schedule.moved_from or schedule.next_at
        after = rhythm(schedule).next_after(stands_for)
        if after is not None and at >= after:
            raise BadMove("The time after it comes before that; leave this one out instead.")
        schedule.next_at, schedule.moved_from = at, None if at == stands_for else stands_for


def run_now(schedule: Schedule, *, by: str) -> Run:
    """Start a run of the published version at once, with what the schedule gives it."""
    workflow = db.session.get_one(Workflow, schedule.workflow_id)
    version = db.session.get_one(Version, schedule.version_id)
    run = runs.start(
        runs.NewRun(
            workflow,
            version,
            "manual",
            schedule.input,
            started_by=by,
            timezone=zone_of(schedule),
            schedule_id=schedule.id,
        )
    )
    with transaction():
        _locked(schedule).last_run_id = run.id
    return run


def given(definition_triggers: Mapping[str, Any], input: Any, timezone: str) -> dict[str, Any]:
    """What a schedule's runs read as `trigger`: its input as the parameters have it."""
    declared = parameters.declared((definition_triggers.get("endpoint") or {}).get("parameters"))
    if not declared:
        return dict(input or {})
    return parameters.read(declared, input or {}, timezone=timezone)[0]


def _new(workflow: Workflow, key: str) -> Schedule:
    return Schedule(
        workspace_id=workflow.workspace_id,
        workflow_id=workflow.id,
        key=key,
        recurrence={},
        missed_count=0,
        skipped_count=0,
        is_paused=False,
        paused_by="",
        created_at=clock.now(),
    )


def _read(schedule: Schedule, said: Mapping[str, Any], version: Version) -> None:
    """Take over what a version says of a schedule."""
    when = {name: said[name] for name in ("cron", "every") if name in said}
    is_new = (schedule.recurrence, schedule.timezone) != (when, said.get("timezone"))
    schedule.version_id = version.id
    schedule.timezone = said.get("timezone")
    schedule.missed = said.get("missed", "run_once")
    schedule.overlap = said.get("overlap", "skip")
    schedule.input = given(version.definition.triggers, said.get("input"), zone_of(schedule))
    if is_new:
        schedule.recurrence = when
        begin = now()
        schedule.starts_at = begin.replace(microsecond=0)
        _plan(schedule, begin)


def _plan(schedule: Schedule, begin: datetime) -> None:
    schedule.next_at, schedule.moved_from = rhythm(schedule).next_after(begin), None


def _switch_all(workspace: Workspace, at: datetime | None, by: str | None) -> None:
    with transaction() as session:
        session.execute(
            update(Workspace)
            .where(Workspace.id == workspace.id)
            .values(schedules_paused_at=at, schedules_paused_by=by)
        )
    db.session.refresh(workspace)


def _locked(schedule: Schedule) -> Schedule:
    """The row as it stands in this transaction, held until its end."""
    query = select(Schedule).where(Schedule.id == schedule.id)
    query = query.with_for_update().execution_options(populate_existing=True)
    return db.session.scalars(query).one()
