import os
import signal
import subprocess
import threading
import time
from datetime import timedelta

import pytest

import worker
from core import clock
from core.engine import entries
from core.engine.errors import StateConflict
from core.engine.outcomes import Done
from core.runtime import advance, duties, journal, leases, processes, rescue, runs
from core.runtime.journal import RunJournal
from core.storage.db import db, transaction
from core.storage.run import Run
from core.storage.stored_value import StoredValue
from tests.conftest import DATABASES
from tests.factories import fresh, make_workflow, start_run
from tests.integration.running.dying import end_lease
from tests.processes import outcome_of
from tests.times import two_hours_later
from tests.unit.engine.machines import step
from tests.waiting import wait_until

pytestmark = pytest.mark.parametrize("database", DATABASES, indirect=True)
NOTHING = {"running_ms": 0, "steps_used": 0}
STEPS = (
    step("first", "increment_value", key="first", by=1),
    step("second", "increment_value", key="second", by=1),
)


def take_and_die(run):
    """Claim a run and renew its lease no more."""
    claim = leases.claim(run.id)
    leases.forget(run.id)
    return claim


def stored():
    return dict(db.session.execute(db.select(StoredValue.key, StoredValue.value)).all())


def test_a_dead_holders_run_is_queued_again_and_goes_on(app, work):
    run = start_run(*STEPS)
    take_and_die(run)
    end_lease(run)

    rescue.rescue_dead()
    work()

    assert (fresh(run).state, run.deaths) == ("succeeded", 0)
    assert stored() == {"first": 1, "second": 1}
    assert [entry[0] for entry in entries_of(run)][:2] == ["lost", "taken"]


def entries_of(run):
    from core.storage.run import Segment

    query = db.select(Segment.entries).where(Segment.run_id == run.id).order_by(Segment.seq)
    return [entry for segment in db.session.scalars(query) for entry in segment]


def test_a_holder_that_was_presumed_dead_can_write_nothing(app):
    run = start_run(*STEPS)
    claim = take_and_die(run)
    end_lease(run)
    rescue.rescue_dead()

    with pytest.raises(StateConflict):
        RunJournal(claim, lambda: NOTHING).commit()


def test_a_supervisor_frees_the_leases_of_a_worker_that_it_saw_die(app):
    run = start_run(*STEPS)
    take_and_die(run)

    freed = rescue.release(leases.worker_id())
    worker.carry_out_in_turn(rescue.next_alone())

    assert (freed, fresh(run).state) == (1, "succeeded")


def test_a_run_that_takes_three_workers_with_it_alone_is_set_aside(app):
    run = start_run(*STEPS)
    take_and_die(run)
    rescue.release(leases.worker_id())
    seen = []

    for _ in range(rescue.MOST_DEATHS):
        seen.append((fresh(run).state, run.lane, run.deaths))
        take_and_die(run)
        end_lease(run)
        rescue.rescue_dead()

    assert seen == [("queued", "alone", deaths) for deaths in range(3)]
    assert (fresh(run).state, run.reason) == ("failed", "quarantined")


def test_whose_worker_was_seen_to_die_is_carried_out_alone_next(app):
    run = start_run(*STEPS)
    take_and_die(run)

    rescue.release(leases.worker_id())

    assert (fresh(run).state, run.lane, run.deaths) == ("queued", "alone", 0)


def test_after_a_power_cut_runs_keep_their_company(app):
    run = start_run(*STEPS)
    take_and_die(run)
    end_lease(run)

    rescue.rescue_dead()

    assert (fresh(run).state, run.lane, run.deaths) == ("queued", "io", 1)


def test_who_is_lost_with_an_unseen_worker_twice_is_carried_out_alone(app):
    run = start_run(*STEPS)
    for _ in range(rescue.UNSEEN_DEATHS):
        take_and_die(run)
        end_lease(run)
        rescue.rescue_dead()

    assert (fresh(run).state, run.lane, run.deaths) == ("queued", "alone", 0)


def test_a_worker_is_known_to_have_died_by_who_has_lived_through_it_here(app, monkeypatch):
    run = start_run(*STEPS)
    process = subprocess.Popen(["true"])
    process.wait()
    monkeypatch.setattr(leases, "worker_id", lambda: leases.holder(process.pid))
    take_and_die(run)
    end_lease(run)
    monkeypatch.setitem(processes._started, os.getpid(), clock.now() - timedelta(hours=1))

    rescue.rescue_dead()

    assert (fresh(run).state, run.lane, run.deaths) == ("queued", "alone", 0)


def test_a_worker_that_is_there_but_silent_is_not_taken_for_dead(app, monkeypatch):
    run = start_run(*STEPS)
    take_and_die(run)
    end_lease(run)
    monkeypatch.setitem(processes._started, os.getpid(), clock.now() - timedelta(hours=1))

    rescue.rescue_dead()

    assert (fresh(run).lane, run.deaths) == ("io", 1)


def test_a_cancelled_run_begins_no_further_effect(app):
    run = start_run(*STEPS)
    claim = take_and_die(run)
    runs.cancel(run)
    assert fresh(run).state == "running"

    advance.carry_out(claim)

    assert fresh(run).state == "cancelled"
    assert stored() == {}


def test_a_run_that_was_being_cancelled_when_its_worker_died_is_cancelled(app):
    run = start_run(*STEPS)
    take_and_die(run)
    runs.cancel(run)
    end_lease(run)

    rescue.rescue_dead()

    assert fresh(run).state == "cancelled"


def test_a_bell_that_nobody_heard_is_rung_again(app, work, valkey):
    from core import queue

    run = start_run(*STEPS)
    queue.connection().flushall()
    with transaction() as session:
        long_ago = clock.now() - timedelta(minutes=1)
        session.execute(db.update(Run).values(rung_at=long_ago))

    rescue.ring_unheard()
    work()

    assert fresh(run).state == "succeeded"


def test_a_bell_that_a_worker_heard_before_it_died_is_rung_again_at_once(app, work, valkey):
    from core import queue

    run, suspect = start_run(*STEPS), start_run(*STEPS)
    with transaction() as session:
        session.execute(db.update(Run).where(Run.id == suspect.id).values(lane="alone"))
    queue.connection().flushall()

    assert rescue.ring_lost() == 1
    work()

    assert fresh(run).state == "succeeded"
    assert fresh(suspect).state == "queued"


def test_a_wait_is_a_row_and_goes_on_when_it_is_due(app, work):
    run = start_run(*STEPS[:1], step("pause", "wait", **{"for": "1h"}), *STEPS[1:])
    work()
    assert (fresh(run).state, run.reason, run.worker_id) == ("waiting", "time", None)

    with two_hours_later(run):
        duties.wake_due()
        work()

    assert fresh(run).state == "succeeded"
    assert stored() == {"first": 1, "second": 1}


def test_a_mistake_of_ours_fails_the_run_with_a_reference(app, work, monkeypatch):
    from core.steps import step_types

    run = start_run(*STEPS)
    broken = step_types()["increment_value"]
    monkeypatch.setattr(type(broken), "run", lambda *_: 1 / 0)

    work()

    assert (fresh(run).state, run.error["kind"]) == ("failed", "internal")
    assert "ZeroDivision" not in run.error["message"]


def test_a_run_is_killed_between_any_two_commits_and_its_effects_stay_single(app, work):
    """Really dies: a process that kills itself at its n-th commit, for every n."""
    workflow = make_workflow(*STEPS, step("answer", "return_data", body={"ok": True}))
    for commits in range(5):
        run = start_run(workflow=workflow)
        assert outcome_of(die_at_commit, run.id, commits) in (0, -signal.SIGKILL)
        end_lease(run)
        rescue.rescue_dead()
        work()
        assert fresh(run).state == "succeeded", commits

    assert stored() == {"first": 5, "second": 5}


def die_at_commit(run_id, commits):
    """Carry the run out and be killed at its n-th commit."""
    kill_at(commits)
    advance.advance_run(run_id)


def kill_at(commits):
    whole, left = RunJournal.commit, iter(range(commits))

    def commit(self, *arguments, **moves):
        if next(left, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)
        return whole(self, *arguments, **moves)

    RunJournal.commit = commit


def test_leases_are_prolonged_while_the_holder_lives(app):
    run = start_run(*STEPS)
    leases.claim(run.id)
    before = fresh(run).lease_until

    wait_until(lambda: fresh(run).lease_until > before, seconds=6)

    leases.forget(run.id)
    assert journal.load(run.id, 1).outputs == {}


def test_a_run_is_cancelled_while_an_effect_of_it_is_under_way(app, monkeypatch):
    """The effect itself can't be taken back; nothing waits for its answer."""
    from core.steps import step_types

    began, let_go = threading.Event(), threading.Event()

    def hang(*_):
        began.set()
        let_go.wait(20)
        return Done(None)

    monkeypatch.setattr(type(step_types()["call_api"]), "run", hang)
    run = start_run(step("slow", "call_api", method="GET", url="https://example.com"), *STEPS)
    worker = threading.Thread(target=in_app, args=(app, run.id))
    worker.start()
    assert began.wait(5)

    runs.cancel(run)

    wait_until(lambda: fresh(run).state == "cancelled", seconds=6)
    let_go.set()
    worker.join()
    assert stored() == {}


def test_what_landed_before_a_cancellation_was_noticed_is_on_record(app, monkeypatch):
    run = start_run(step("call", "call_api", method="GET", url="https://example.com"))
    held = advance.Advance(leases.claim(run.id))
    (perform,) = held.machine.advance()
    held.journal.add(entries.skipped("other", "condition", held.now()))
    runs.cancel(run)
    time.sleep(2 * journal.FLUSH_AFTER)
    held.landed.put((perform, Done({"id": 7})))
    monkeypatch.setattr(held, "run", held.journal.flush)  # which the cancellation refuses

    assert held.run_or_cancel() is False

    leases.forget(run.id)
    assert fresh(run).state == "cancelled"
    assert journal.load(run.id, 1).outputs == {"call": {"id": 7}}


def in_app(app, run_id):
    with app.app_context():
        advance.advance_run(run_id)


def test_what_comes_to_a_wait_has_killed_nobody(app, work):
    run = start_run(step("pause", "wait", **{"for": "1h"}), *STEPS)
    take_and_die(run)
    end_lease(run)
    rescue.rescue_dead()

    work()

    assert (fresh(run).state, run.deaths) == ("waiting", 0)
