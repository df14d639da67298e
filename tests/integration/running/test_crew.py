import os
import threading
from contextlib import contextmanager
from datetime import timedelta

import pytest

import worker
from core import clock, queue
from core.engine.outcomes import Done
from core.runtime import advance, duties, leases, rescue
from core.runtime.crew import Crew
from core.steps import step_types
from core.storage.db import db, transaction
from core.storage.run import Run
from tests.conftest import DATABASES
from tests.factories import fresh, start_run
from tests.unit.engine.machines import step
from tests.waiting import wait_until
from worker import RunWorker

pytestmark = pytest.mark.parametrize("database", DATABASES, indirect=True)


class Hanging:
    """A step that lasts until it is told to end."""

    def __init__(self):
        self.begun = threading.Semaphore(0)
        self.may_end = threading.Event()

    def run(self, *_):
        self.begun.release()
        self.may_end.wait(20)
        return Done("answered")


@pytest.fixture
def hanging(monkeypatch):
    step_type = Hanging()
    monkeypatch.setattr(type(step_types()["call_api"]), "run", step_type.run)
    yield step_type
    step_type.may_end.set()


SLOW = step("slow", "call_api", method="GET", url="https://example.com")
QUICK = step("up", "increment_value", key="quick", by=1)


def test_runs_that_wait_for_others_hold_nobody_up(app, hanging):
    crew = Crew(app, size=4)
    slow = [start_run(SLOW) for _ in range(3)]
    quick = start_run(QUICK)

    crew.carry_out([run.id for run in (*slow, quick)])

    wait_until(lambda: fresh(quick).state == "succeeded", seconds=5)
    assert {fresh(run).state for run in slow} == {"running"}
    hanging.may_end.set()
    crew.wait()
    assert {fresh(run).state for run in slow} == {"succeeded"}


def test_a_worker_takes_no_more_runs_than_it_has_hands_for(app, hanging):
    runs = [start_run(SLOW) for _ in range(3)]
    listener = RunWorker(app, "test", hands=2)
    listening = threading.Thread(target=listener.work, kwargs={"burst": True})
    listening.start()
    for _ in range(2):
        assert hanging.begun.acquire(timeout=5)

    assert sorted(fresh(run).state for run in runs) == ["queued", "running", "running"]
    hanging.may_end.set()
    listening.join()
    assert {fresh(run).state for run in runs} == {"succeeded"}


def test_a_run_that_has_cost_workers_gets_a_process_of_its_own(app, settings, work):
    run = start_run(QUICK)
    leases.claim(run.id)
    leases.forget(run.id)
    rescue.release(leases.worker_id())
    rescue.ring_for_next_alone()

    with environment_of(settings):
        work()

    assert fresh(run).state == "succeeded"
    assert run.worker_id is None


def test_an_old_bell_brings_a_run_that_costs_workers_back_among_no_others(app):
    run, other = start_run(QUICK), start_run(QUICK)
    with transaction() as session:
        session.execute(db.update(Run).where(Run.id == run.id).values(lane="alone"))
    crew = Crew(app, size=4)

    assert crew.carry_out([run.id, other.id]) == 1

    crew.wait()
    assert (fresh(run).state, fresh(other).state) == ("queued", "succeeded")


def test_a_run_of_its_own_process_has_one_again_after_it_has_waited(app):
    run = start_run(step("pause", "wait", **{"for": "1h"}))
    with transaction() as session:
        due = {"state": "waiting", "lane": "alone", "wake_at": clock.now() - timedelta(seconds=1)}
        session.execute(db.update(Run).values(due))
    queue.hear(queue.connection(), 1, 0)

    duties.wake_due()

    [bell] = queue.hear(queue.connection(), 2, 0)
    assert (bell.run_id, bell.lane) == (run.id, "alone")


def test_such_a_process_takes_one_after_the_other(app):
    runs = [start_run(QUICK) for _ in range(3)]
    with transaction() as session:
        session.execute(db.update(Run).values(lane="alone"))

    worker.carry_out_in_turn(runs[1].id)

    assert {fresh(run).state for run in runs} == {"succeeded"}


def test_those_that_killed_nobody_alone_yet_come_first(app):
    killer, innocent = start_run(QUICK), start_run(QUICK)
    with transaction() as session:
        session.execute(db.update(Run).values(lane="alone"))
        session.execute(db.update(Run).where(Run.id == killer.id).values(deaths=1))

    assert rescue.next_alone() == innocent.id


def test_a_run_that_gets_on_alone_has_company_again_before_long(app, monkeypatch):
    monkeypatch.setattr(advance, "ALONE_SECONDS", 0)
    run = start_run(QUICK, step("up_again", "increment_value", key="quick", by=1))
    leases.claim(run.id)
    leases.forget(run.id)
    rescue.release(leases.worker_id())

    advance.advance_run(run.id)

    assert (fresh(run).state, run.lane, run.deaths) == ("queued", "io", 0)


def test_it_has_so_once_and_after_another_death_it_stays_alone(app, monkeypatch):
    monkeypatch.setattr(advance, "ALONE_SECONDS", 0)
    run = start_run(QUICK, step("up_again", "increment_value", key="quick", by=1))
    for _ in range(2):
        leases.claim(run.id)
        leases.forget(run.id)
        rescue.release(leases.worker_id())

    advance.advance_run(run.id)

    assert (fresh(run).state, run.lane) == ("succeeded", "alone")


def test_such_a_process_ends_when_a_run_can_not_be_taken(app, monkeypatch):
    run = start_run(QUICK)
    with transaction() as session:
        session.execute(db.update(Run).values(lane="alone"))
    monkeypatch.setattr(leases, "claim", lambda run_id: None)

    worker.carry_out_in_turn(run.id)

    assert fresh(run).state == "queued"


def test_when_one_such_process_has_ended_the_next_run_is_rung_for(app, settings, work):
    runs = [start_run(QUICK) for _ in range(2)]
    with transaction() as session:
        session.execute(db.update(Run).values(lane="alone"))
    queue.hear(queue.connection(), 2, 0)
    for run in runs:
        queue.ring(run.id, "alone")

    with environment_of(settings):
        work()

    assert [fresh(run).state for run in runs] == ["succeeded", "succeeded"]


def test_one_such_process_runs_at_a_time_and_the_others_wait_for_their_bell(app):
    run = start_run(QUICK)
    crew = Crew(app, size=4)
    with crew.apart:
        assert not crew.carry_out_alone(run.id)

    assert (fresh(run).state, crew.free) == ("queued", 4)


@contextmanager
def environment_of(settings):
    """What a process of its own needs to find this test's data."""
    given = {"HOME": str(settings.home), "REDIS_URL": settings.redis_url}
    named = {f"OPENBUILD_{name}": value for name, value in given.items()}
    if settings.database_url.startswith("postgresql"):
        named["OPENBUILD_DATABASE_URL"] = settings.database_url
    os.environ.update(named)
    try:
        yield
    finally:
        for name in named:
            del os.environ[name]


def test_many_runs_at_once_count_exactly(app):
    crew = Crew(app, size=8)
    runs = [start_run(QUICK) for _ in range(40)]

    crew.carry_out([run.id for run in runs])
    crew.wait()

    assert {fresh(run).state for run in runs} == {"succeeded"}
    last = start_run(
        step("read", "read_value", key="quick"),
        step("answer", "return_data", body="{{ steps.read }}"),
    )
    crew.carry_out([last.id])
    crew.wait()
    assert fresh(last).response["body"] == 40
