"""What goes wrong with one run, one duty or one connection stays with it."""

import threading

import pytest
from sqlalchemy.exc import OperationalError

from core import clock
from core.runtime import duties, leases, rescue
from core.storage.db import db, transaction
from core.storage.run import Run
from tests.factories import fresh, make_workflow, start_run
from tests.unit.engine.machines import step
from worker import RunWorker

X = step("x", value=1)


def away(*_):
    raise OperationalError("SELECT", {}, Exception("the database is away"))


def test_a_run_that_cannot_be_rescued_keeps_no_other_from_it(app, monkeypatch):
    workflow = make_workflow(X)
    runs = [start_run(workflow=workflow) for _ in range(3)]
    leases.claim_all([run.id for run in runs], ("io",))
    rescue_one = rescue._rescue_one

    def rescue_all_but_the_first(run_id, *about):
        if run_id == runs[0].id:
            raise ValueError("its version can't be read")
        rescue_one(run_id, *about)

    monkeypatch.setattr(rescue, "_rescue_one", rescue_all_but_the_first)
    rescue.release(leases.worker_id())

    assert [fresh(run).state for run in runs] == ["running", "queued", "queued"]


def test_a_duty_that_fails_in_an_unknown_way_keeps_no_other_from_being_done(app, monkeypatch):
    done = []

    def broken():
        raise ValueError("never thought of")

    monkeypatch.setattr(duties, "DUTIES", (broken, lambda: done.append(True)))
    duties.tick()

    assert done == [True]


def test_a_worker_outlives_a_database_that_is_away_when_a_bell_rings(app, monkeypatch, work):
    run = start_run(X)

    with monkeypatch.context() as patch:
        patch.setattr(leases, "claim_all", away)
        worker = RunWorker(app, "test")
        worker.work(burst=True)
    assert fresh(run).state == "queued"
    with transaction() as session:
        session.execute(db.update(Run).values(rung_at=clock.now() - 2 * rescue.UNHEARD_AFTER))
    rescue.ring_unheard()
    work()

    assert fresh(run).state == "succeeded"


def test_leases_are_renewed_after_a_beat_that_failed_in_an_unknown_way(app, monkeypatch):
    beats, wanted = [], threading.Event()

    def renew():
        beats.append(True)
        if len(beats) > 1:
            wanted.set()
        raise OSError("too many open files")

    monkeypatch.setattr(leases, "HEARTBEAT", 0.01)
    monkeypatch.setattr(leases, "renew", renew)
    leases.claim(start_run(X).id)

    assert wanted.wait(5)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_leases_are_renewed_beside_a_run_that_is_being_written_to(app):
    """Its row is locked, and its writer may be waiting for another row of this process."""
    workflow = make_workflow(X)
    written, other = start_run(workflow=workflow), start_run(workflow=workflow)
    leases.claim_all([written.id, other.id], ("io",))
    before = fresh(other).lease_until
    db.session.rollback()

    with db.engine.connect() as writer:
        writer.execute(db.select(Run.id).where(Run.id == written.id).with_for_update())
        beat = threading.Thread(target=in_app, args=(app, leases.renew))
        beat.start()
        beat.join(5)
        is_stuck = beat.is_alive()
        writer.rollback()
    beat.join()

    assert not is_stuck
    assert fresh(other).lease_until > before


def in_app(app, act):
    with app.app_context():
        act()
