"""A cancellation reaches the runs that were waited for, also when who cancels dies half-way."""

import pytest

from core import clock
from core.runtime import cancelling, duties, resuming, runs
from core.storage.db import db
from core.storage.run import Run
from tests.chaos.crash_points import die
from tests.conftest import DATABASES
from tests.factories import fresh, make_workflow, start_run
from tests.processes import outcome_of
from tests.unit.engine.machines import step

pytestmark = pytest.mark.parametrize("database", DATABASES, indirect=True)


def start(workflow):
    return step("kid", "run_workflow", workflow=workflow.name)


@pytest.fixture
def family(app, work, monkeypatch):
    """A run that waits for one that waits for a third; that one plans a fourth before it waits."""
    monkeypatch.setattr(duties, "_cancelled_at", 0.0)
    planned = make_workflow(step("count", "increment_value", key="planned", by=1))
    christmas = f"{clock.now().year + 1}-12-24T09:00"
    plan = step("plan", "schedule_workflow", workflow=planned.name, at=christmas)
    youngest = make_workflow(plan, step("call", "wait_for_call"))
    run = start_run(start(make_workflow(start(youngest))))
    work()
    return run


def states():
    db.session.rollback()
    return list(db.session.scalars(db.select(Run.state).order_by(Run.id)))


@pytest.mark.parametrize("reached", [0, 1])
def test_what_a_cancelled_run_was_waiting_for_is_cancelled_although_its_canceller_died(
    family, reached
):
    assert states() == ["waiting"] * 4

    assert outcome_of(cancel_and_die, family.id, reached) < 0
    assert states() == ["cancelled"] * (1 + reached) + ["waiting"] * (3 - reached)
    duties.tick()

    assert states() == ["cancelled"] * 3 + ["waiting"]


def cancel_and_die(run_id, reached):
    """Die after so many of the runs that it waits for were reached."""
    whole, reaches = cancelling.cancel_awaited, []

    def cancel_awaited(*given):
        reaches.append(given)
        if len(reaches) > reached:
            die()
        whole(*given)

    cancelling.cancel_awaited = cancel_awaited
    runs.cancel(db.session.get(Run, run_id))


def test_what_an_unfinished_run_waits_for_is_left_alone(family):
    assert cancelling.cancel_forgotten() == 0
    assert states() == ["waiting"] * 4


def test_what_was_reached_at_once_is_not_looked_for_again(family):
    runs.cancel(fresh(family))

    assert cancelling.cancel_forgotten() == 0
    assert states() == ["cancelled"] * 3 + ["waiting"]


def test_what_somebody_took_up_after_its_end_is_left_alone(app, work, monkeypatch):
    monkeypatch.setattr(duties, "_cancelled_at", 0.0)
    stop = step("stop", "stop", outcome="fail", only_when="{{ run.attempt == 1 }}")
    start_kid = start(make_workflow(stop, step("call", "wait_for_call")))
    run = start_run(
        step("t", "try", {"try": [start_kid], "catch": []}), step("nap", "wait_for_call")
    )
    work()
    assert states() == ["waiting", "failed"]
    kid = db.session.scalars(db.select(Run).where(Run.parent_run_id == run.id)).one()
    resuming.retry(kid, resuming.plan(kid), by="Ana")
    work()
    assert states() == ["waiting", "waiting"]

    runs.cancel(fresh(run))
    duties.tick()

    assert states() == ["cancelled", "waiting"]
