"""Runs that are planned for later, and taken back."""

from datetime import timedelta

import pytest

from core import clock
from core.runtime import duties, schedule_list
from core.storage.db import db, transaction
from core.storage.run import Run
from tests.conftest import DATABASES
from tests.factories import fresh, make_workflow, start_run, workspace

pytestmark = pytest.mark.parametrize("database", DATABASES, indirect=True)

SAY = {"id": "say", "type": "compose", "inputs": {"value": "{{ trigger.body.name }}"}}


def plan(name, **inputs):
    return {"id": "plan", "type": "schedule_workflow", "inputs": {"workflow": name, **inputs}}


def children_of(run):
    db.session.rollback()
    query = db.select(Run).where(Run.parent_run_id == run.id).order_by(Run.id)
    return list(db.session.scalars(query))


def make_due(run):
    with transaction():
        fresh(run).wake_at = clock.now() - timedelta(seconds=1)


def output_of(run, step_id="plan"):
    from core.runtime import run_view

    return next(s for s in run_view.view(fresh(run)).steps if s.step_id == step_id).output


def test_a_planned_run_waits_for_its_time_and_then_runs_once(app, work):
    make_workflow(SAY, name="greet")
    planner = start_run(
        plan("greet", at="{{ add_time(now(), '1h') }}", parameters={"name": "{{ 'An' + 'a' }}"})
    )
    work()

    (planned,) = children_of(planner)
    assert output_of(planner) == {"run_id": planned.id}
    assert fresh(planner).state == "succeeded"
    assert (planned.state, planned.reason) == ("waiting", "time")
    assert planned.due_at == planned.wake_at > clock.now() + timedelta(minutes=59)
    assert planned.input["body"] == {"name": "Ana"}
    waiting = schedule_list.waiting(workspace().id, limit=10)
    assert [(row.run.id, row.can_move) for row in waiting] == [(planned.id, True)]

    make_due(planned)
    duties.wake_due()
    duties.wake_due()
    work()

    assert fresh(planned).state == "succeeded"


def test_a_time_that_has_passed_means_at_once(app, work):
    make_workflow(SAY, name="greet")
    planner = start_run(plan("greet", at="2020-01-01T00:00"))
    work()

    (planned,) = children_of(planner)
    assert planned.state == "succeeded"
    assert planned.due_at.year == 2020


def test_a_planned_run_keeps_its_version_and_can_be_moved(app, work):
    workflow = make_workflow(SAY, name="greet")
    planner = start_run(plan("greet", at="{{ add_time(now(), '1h') }}"))
    work()
    (planned,) = children_of(planner)

    at = clock.now() + timedelta(hours=5)
    schedule_list.move(planned, at)

    assert fresh(planned).version_id == workflow.published_id
    assert (planned.wake_at, planned.due_at) == (at, at)


def test_a_workflow_that_plans_itself_for_ever_is_stopped(app, work, monkeypatch):
    from core.runtime import children

    monkeypatch.setattr(children, "MOST_CHAIN", 10)
    workflow = make_workflow(plan("again"), name="again")
    start_run(workflow=workflow)
    work()

    runs = list(db.session.scalars(db.select(Run).order_by(Run.chain)))
    assert [run.chain for run in runs] == list(range(11))
    assert [run.state for run in runs] == ["succeeded"] * 10 + ["failed"]
    assert runs[-1].error["kind"] == "limit"
    assert {run.depth for run in runs} == {0}


def test_only_what_has_not_begun_is_taken_back_and_counted(app, work):
    make_workflow(SAY, name="greet")
    first = start_run(plan("greet", at="{{ add_time(now(), '1h') }}"))
    over = start_run(plan("greet"))
    work()
    (planned,), (done,) = children_of(first), children_of(over)
    ids = [planned.id, done.id, first.id, "no-such-run"]
    cancel = {"id": "cancel", "type": "cancel_scheduled", "inputs": {"run_ids": ids}}

    counts = []
    for _ in range(2):
        canceller = start_run(cancel)
        work()
        counts.append(output_of(canceller, "cancel"))

    assert counts == [{"cancelled": 1}, {"cancelled": 0}]
    assert fresh(planned).state == "cancelled"
    assert fresh(done).state == "succeeded"
