import pytest
from sqlalchemy import event

from core.runtime import advance, common_ends, leases, runs
from core.runtime.common_ends import CommonEnds
from core.storage.db import db, transaction
from core.storage.run import Run
from tests.conftest import DATABASES
from tests.factories import fresh, make_workflow, start_run
from tests.unit.engine.machines import step

pytestmark = pytest.mark.parametrize("database", DATABASES, indirect=True)


@pytest.fixture
def carried_out(app):
    """Three runs that have come to their end, which is not written yet; and what they wait in."""

    def carried_out(*steps):
        workflow = make_workflow(*(steps or [step("a", value="{{ trigger.n }}")]))
        started = [start_run(workflow=workflow, input={"n": n}) for n in range(3)]
        ends = CommonEnds(advance.end_alone, lambda: None)
        claims = {
            claim.row.id: claim for claim in leases.claim_all([run.id for run in started], ("io",))
        }
        for run in started:
            advance.carry_out(claims[run.id], ends)
        return started, ends

    return carried_out


def states(started):
    return [fresh(run).state for run in started]


def test_ends_are_written_in_one_commit(carried_out):
    started, ends = carried_out()
    assert states(started) == ["running"] * 3
    commits = []

    @event.listens_for(db.engine, "commit")
    def count(connection):
        commits.append(connection)

    ends.write()

    event.remove(db.engine, "commit", count)
    assert states(started) == ["succeeded"] * 3
    assert len(commits) == 1
    assert [run.lease_until for run in started] == [None] * 3


def test_one_that_was_cancelled_meanwhile_is_cancelled_and_the_others_end(carried_out):
    started, ends = carried_out()
    runs.cancel(started[1])

    ends.write()

    assert states(started) == ["succeeded", "cancelled", "succeeded"]


def test_one_that_was_taken_away_meanwhile_is_left_to_its_new_holder(carried_out):
    started, ends = carried_out()
    with transaction() as session:
        taken = db.update(Run).where(Run.id == started[2].id)
        session.execute(taken.values(fence=Run.fence + 1, worker_id="another"))

    ends.write()

    assert states(started) == ["succeeded", "succeeded", "running"]
    assert fresh(started[2]).worker_id == "another"


def test_when_the_common_commit_fails_each_is_written_by_itself(carried_out, monkeypatch):
    started, ends = carried_out()

    def fail(ends):
        raise RuntimeError("one of them cannot be written")

    monkeypatch.setattr(common_ends, "_write", fail)
    ends.write()

    assert states(started) == ["succeeded"] * 3


def test_a_run_that_takes_its_time_lets_the_ends_before_it_be_written(app):
    plain = start_run(step("a", value=1))
    slow = start_run(step("kept", "store_value", key="k", value="{{ trigger.n }}"), input={"n": 1})
    passed_on = []
    ends = CommonEnds(advance.end_alone, lambda: passed_on.append(fresh(plain).state))

    for run in (plain, slow):
        advance.carry_out(leases.claim(run.id), ends)

    assert "succeeded" in passed_on


def test_a_crowd_of_every_kind_is_carried_out_by_one_worker(app, work):
    child = make_workflow(step("answer", "return_data", body=1), name="child")
    plain = [start_run(step("a", value=n)) for n in range(20)]
    parents = [start_run(step("ask", "run_workflow", workflow=child.name)) for _ in range(5)]
    failing = [start_run(step("bad", value="{{ 1 / 0 }}")) for _ in range(5)]

    work()

    assert states([*plain, *parents]) == ["succeeded"] * 25
    assert states(failing) == ["failed"] * 5
