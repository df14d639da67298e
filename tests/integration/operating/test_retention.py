"""Retention: finished runs go when their time is over, with all that belongs to them."""

from datetime import timedelta

import pytest
from sqlalchemy import func, insert, select, update

from core import clock
from core.runtime import retention
from core.storage.call_key import CallKey
from core.storage.columns import new_id
from core.storage.db import db, transaction
from core.storage.run import Run, Segment, StepRun, Wait
from core.storage.run_counts import first_id_at
from core.storage.schedule import Schedule
from tests.conftest import DATABASES
from tests.factories import make_workflow, workspace

MANY = 120
UNFINISHED = ("queued", "running", "waiting")
both_databases = pytest.mark.parametrize("database", DATABASES, indirect=True)


@pytest.fixture
def workflow(app, monkeypatch):
    monkeypatch.setattr(retention, "_round", retention._Round())
    return make_workflow()


def old_runs(workflow, state, count, *, days):
    """Runs that began and, if they have ended, ended so many days ago."""
    at = clock.now() - timedelta(days=days)
    ids = [id_at(at) for _ in range(count)]
    about = {
        "workspace_id": workflow.workspace_id,
        "workflow_id": workflow.id,
        "version_id": workflow.published_id,
        "origin": "manual",
        "input": {},
        "state": state,
        "created_at": at,
        "finished_at": None if state in UNFINISHED else at,
    }
    with transaction() as session:
        session.execute(insert(Run), [{"id": run_id, **about} for run_id in ids])
        for run_id in ids:
            add_what_belongs_to(session, run_id, at)
    return ids


def id_at(moment):
    return first_id_at(moment)[:14] + new_id()[14:]


def add_what_belongs_to(session, run_id, at):
    session.execute(
        insert(Segment).values(run_id=run_id, seq=1, fence=1, at=at, entries=[["taken"]])
    )
    session.execute(
        insert(StepRun).values(
            run_id=run_id,
            path="a",
            round=1,
            step_id="a",
            type="wait",
            effect_class="inside",
            state="succeeded",
            key=f"{run_id}:a",
            fence=1,
            started_at=at,
        )
    )
    session.execute(insert(Wait).values(run_id=run_id, path="a", round=1, kind="time"))


def counts():
    """How many rows there are of runs and of each thing that belongs to one."""
    tables = (Run, Segment, StepRun, Wait)
    return [db.session.scalar(select(func.count()).select_from(table)) for table in tables]


def left():
    db.session.rollback()
    return set(db.session.scalars(select(Run.id)))


@both_databases
def test_old_runs_go_with_all_their_rows_and_unfinished_ones_stay(workflow):
    old_runs(workflow, "succeeded", MANY, days=31)
    old_runs(workflow, "cancelled", 3, days=31)
    old_runs(workflow, "failed", 3, days=91)
    kept = old_runs(workflow, "succeeded", 3, days=29) + old_runs(workflow, "failed", 3, days=89)
    for state in UNFINISHED:
        kept += old_runs(workflow, state, 3, days=400)

    assert sum(retention.forget_old()) == MANY + 6

    assert left() == set(kept)
    assert counts() == [len(kept)] * 4


def test_a_run_that_began_long_ago_stays_until_its_end_is_long_ago(workflow):
    (run_id,) = old_runs(workflow, "succeeded", 1, days=400)
    with transaction() as session:
        lately = clock.now() - timedelta(days=2)
        session.execute(update(Run).where(Run.id == run_id).values(finished_at=lately))

    assert sum(retention.forget_old()) == 0
    assert left() == {run_id}


def test_a_run_stays_while_a_repeated_call_must_be_led_to_it(workflow):
    kept, forgotten = old_runs(workflow, "succeeded", 2, days=40)
    now = clock.now()
    with transaction() as session:
        for run_id, ends in ((kept, now + timedelta(days=9)), (forgotten, now)):
            session.add(
                CallKey(
                    workflow_id=workflow.id,
                    mode="live",
                    kind="duplicate",
                    key=run_id,
                    run_id=run_id,
                    expires_at=ends,
                )
            )

    assert sum(retention.forget_old()) == 1
    assert left() == {kept}


def test_the_last_run_of_a_schedule_stays(workflow):
    kept, _ = old_runs(workflow, "succeeded", 2, days=400)
    now = clock.now()
    with transaction() as session:
        session.add(
            Schedule(
                workspace_id=workflow.workspace_id,
                workflow_id=workflow.id,
                version_id=workflow.published_id,
                key="yearly",
                recurrence={"every": "365d"},
                input={},
                starts_at=now,
                created_at=now,
                last_run_id=kept,
                missed="skip",
                overlap="skip",
            )
        )

    assert sum(retention.forget_old()) == 1
    assert left() == {kept}


def test_a_run_that_changes_between_looking_and_deleting_is_left_alone(workflow):
    ids = old_runs(workflow, "succeeded", 3, days=40)
    with transaction() as session:
        session.execute(update(Run).where(Run.id == ids[0]).values(state="queued"))

    assert retention._delete(ids) == 2
    assert left() == {ids[0]}


def test_it_works_for_a_part_of_each_second_only(workflow, monkeypatch):
    old_runs(workflow, "succeeded", 3 * retention.BATCH, days=40)
    monkeypatch.setattr(retention, "SHARE_SECONDS", 0.0)

    swept = [retention.sweep() for _ in range(3)]

    assert swept == [retention.BATCH] * 3
    assert left() == set()


def test_another_workspace_is_swept_too(workflow, people):
    old_runs(workflow, "succeeded", 2, days=40)
    from core.storage.workspace import Workspace

    other = db.session.scalar(select(Workspace.id).where(Workspace.name == "other"))
    with transaction() as session:
        session.execute(update(Run).values(workspace_id=other))

    assert other != workspace().id
    assert sum(retention.forget_old()) == 2
