"""One workflow's crowd keeps no other waiting."""

import pytest

from core.engine.definition import Definition
from core.runtime import fairness, leases, runs, workflows
from core.runtime.runs import NewRun
from core.storage.db import db
from core.storage.run import Run
from tests.conftest import DATABASES
from tests.factories import make_workflow, publish, workspace
from tests.integration.endpoints.conftest import make_workspace

pytestmark = pytest.mark.parametrize("database", DATABASES, indirect=True)

HELLO = {"id": "hello", "type": "compose", "inputs": {"value": "hello"}}
CROWD = 400


def crowd(workflow, count):
    return [runs.start(NewRun(workflow, workflow.published, "manual", {})).id for _ in range(count)]


def order():
    db.session.rollback()
    return list(db.session.scalars(db.select(Run.id).order_by(Run.started_at, Run.id)))


def test_a_single_run_is_taken_before_anothers_crowd(app, work):
    crowd(make_workflow(HELLO), CROWD)
    (single,) = crowd(make_workflow(HELLO), 1)

    work()

    assert order().index(single) < CROWD / 2


def make_workflow_in(other):
    definition = Definition.from_json({"steps": [HELLO], "settings": {}, "triggers": {}})
    there = workflows.create(other.id, "there", "there", by="Olga", definition=definition)
    publish(there)
    db.session.refresh(there)
    return there


def test_workspaces_take_turns(app):
    here = [make_workflow(HELLO) for _ in range(10)]
    other = make_workspace("other")
    there = make_workflow_in(other)
    for workflow in here:
        crowd(workflow, 5)
    (single,) = crowd(there, 1)

    assert workspace().id != other.id
    assert single in fairness.overlooked(2)


def test_for_one_free_hand_the_workflow_with_the_fewest_under_way_comes_first(app):
    begun = crowd(make_workflow(HELLO), 5)
    leases.claim_all(begun[:2], ("io",))
    (single,) = crowd(make_workflow(HELLO), 1)

    assert fairness.overlooked(1) == [single]
    leases.claim_all([single], ("io",))
    assert fairness.overlooked(1) == [begun[2]]


def test_for_one_free_hand_the_workspace_with_the_fewest_under_way_comes_first(app):
    begun = crowd(make_workflow(HELLO), 2)
    leases.claim_all(begun[:1], ("io",))
    crowd(make_workflow(HELLO), 1)
    there = make_workflow_in(make_workspace("other"))
    (single,) = crowd(there, 1)

    assert fairness.overlooked(1) == [single]


def test_with_few_bells_nobody_looks_past_them(app, monkeypatch):
    monkeypatch.setattr(fairness, "overlooked", None)
    crowd(make_workflow(HELLO), 3)
    lookout = fairness.Lookout()

    assert lookout.first_in_line(5) == []
    lookout.note(heard=1, wanted=1)
    assert lookout.first_in_line(5) == []
