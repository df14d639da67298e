"""The doctor's look at the runs: what is well is left alone, each broken rule is named."""

from datetime import timedelta

import pytest

from core import clock
from core.runtime import consistency, leases
from core.storage.db import db, transaction
from core.storage.run import Run, Segment, StepRun
from tests.conftest import DATABASES
from tests.factories import fresh, make_workflow, start_run
from tests.unit.engine.machines import step

pytestmark = pytest.mark.parametrize("database", DATABASES, indirect=True)
NAP = step("nap", "wait", **{"for": "1h"})
LONG_AGO = timedelta(minutes=5)


def change(run, **values):
    with transaction() as session:
        session.execute(db.update(Run).where(Run.id == run.id).values(values))


def found(look):
    return {each.rule: each.run_ids for each in look()}


@pytest.fixture
def sleeping(app, work):
    run = start_run(NAP)
    work()
    return run


@pytest.fixture
def done(app, work):
    run = start_run(step("up", "increment_value", key="n"))
    work()
    return run


def test_runs_in_line_at_work_asleep_and_at_their_end_are_well(sleeping, done):
    start_run(NAP)
    leases.claim(start_run(NAP).id)

    assert found(consistency.stuck) == {}
    assert found(consistency.broken) == {}


def test_a_run_that_nobody_holds_any_more_is_stuck(app):
    run = start_run(NAP)
    change(run, state="running", lease_until=clock.now() - LONG_AGO)

    assert found(consistency.stuck) == {"held by a worker that is gone": (run.id,)}


def test_a_run_that_should_have_woken_is_stuck(sleeping):
    change(sleeping, wake_at=clock.now() - LONG_AGO)

    assert found(consistency.stuck) == {"should have woken": (sleeping.id,)}


def test_a_run_that_waits_for_nothing_is_stuck_and_one_that_waits_for_a_person_is_not(app):
    lost, asked = start_run(NAP), start_run(NAP)
    change(lost, state="waiting")
    change(asked, state="waiting", reason="unknown_outcome")

    assert found(consistency.stuck) == {"wait for nothing": (lost.id,)}


@pytest.mark.parametrize(("round_", "place"), [(1, "call"), (2, "call:r2")])
def test_a_run_whose_child_ended_unheard_is_stuck(app, work, round_, place):
    child = step("ask", "wait", **{"for": "1h"})
    parent = start_run(NAP)
    with transaction() as session:
        from core.storage.run import Wait

        session.add(Wait(run_id=parent.id, path="call", round=round_, kind="child"))
    change(parent, state="waiting", reason="child", round=round_)
    assert found(consistency.stuck) == {}

    ended = start_run(child)
    over = clock.now() - LONG_AGO
    state = {"state": "succeeded", "finished_at": over}
    change(ended, parent_run_id=parent.id, parent_path=place, **state)

    assert found(consistency.stuck) == {"wait for a run that has ended": (parent.id,)}


def test_an_end_that_is_not_whole_is_found(done):
    change(done, worker_id="somebody:1")
    assert found(consistency.broken) == {"have ended and are still held or in line": (done.id,)}

    change(done, worker_id=None, finished_at=None)
    assert found(consistency.broken) == {"are over without an end, or the reverse": (done.id,)}


def test_a_success_with_a_step_under_way_is_found(done):
    with transaction() as session:
        session.execute(db.update(StepRun).values(state="started"))

    assert found(consistency.broken) == {"succeeded with a step under way": (done.id,)}


def test_a_run_that_has_waited_for_another_is_well(app, work):
    child = make_workflow(step("up", "increment_value", key="n"))
    run = start_run(step("call", "run_workflow", workflow=child.name))
    work()

    assert fresh(run).state == "succeeded"
    assert found(consistency.broken) == {}


def test_a_late_write_is_found(done):
    with transaction() as session:
        late = {"fence": 0, "at": clock.now(), "entries": []}
        session.add(Segment(run_id=done.id, seq=99, **late))

    assert found(consistency.broken) == {"were written to by who had lost them": (done.id,)}
