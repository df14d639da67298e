"""Effects that must not happen twice: killed between effect and record, they wait for a person."""

import contextvars

import pytest

from core.engine.errors import StateConflict
from core.runtime import advance, leases, rescue, runs, unknown_outcomes
from core.runtime.journal import RunJournal
from core.storage import sqlite_writing
from core.storage.db import db
from core.storage.run import Run, StepRun, Wait
from tests.conftest import DATABASES
from tests.factories import fresh, start_run
from tests.integration.outward.listener import Listener, ok
from tests.integration.running.dying import advance_and_die, end_lease
from tests.unit.engine.machines import step

pytestmark = pytest.mark.parametrize("database", DATABASES, indirect=True)
ANSWER = step("answer", "return_data", body={"paid": "{{ steps.pay.body.id }}"})


@pytest.fixture
def bank(settings, monkeypatch):
    """Another system that counts what reaches it."""
    from dataclasses import replace

    from core import config

    listener = Listener(ok(b'{"id": 7}'))
    allowed = (f"127.0.0.1:{listener.port}",)
    config.use(replace(settings, allowed_hosts_out=allowed, durability="full"))
    yield listener
    listener.close()


def pay(bank, **more):
    return step("pay", "call_api", method="POST", url=f"{bank.url}/pay", body={"sum": 9}, **more)


def die_after_the_effect(run):
    """A process that ends by itself when the effect has happened and is not yet written down."""
    advance_and_die(run, RunJournal, "mark")


def keys(bank):
    lines = [line for head in bank.heads for line in head.splitlines()]
    return [line.partition(": ")[2] for line in lines if line.lower().startswith("idempotency-key")]


def asked(app, work, bank, **more):
    run = start_run(pay(bank, **more), ANSWER)
    die_after_the_effect(run)
    work()
    return fresh(run)


def test_a_killed_post_waits_for_a_person_and_is_not_sent_again(app, work, bank):
    run = asked(app, work, bank)

    assert (run.state, run.reason, run.wake_at) == ("waiting", "unknown_outcome", None)
    assert db.session.get(StepRun, (run.id, "pay", 1)).state == "unknown"
    assert len(bank.requests) == 1


def test_it_happened_and_the_run_goes_on_with_what_was_answered(app, work, bank):
    run = asked(app, work, bank)

    unknown_outcomes.decide(run, "pay", "happened", by="Ana", output={"body": {"id": 7}})
    work()

    assert (fresh(run).state, run.response["body"]) == ("succeeded", {"paid": 7})
    assert len(bank.requests) == 1


def test_run_again_sends_it_under_the_same_key(app, work, bank):
    run = asked(app, work, bank)

    unknown_outcomes.decide(run, "pay", "run_again", by="Ana")
    work()

    assert (fresh(run).state, run.response["body"]) == ("succeeded", {"paid": 7})
    assert keys(bank) == [f"{run.id}:pay"] * 2


def test_skipped_the_run_goes_on_without_it(app, work, bank):
    run = asked(app, work, bank)

    unknown_outcomes.decide(run, "pay", "skip", by="Ana")
    work()

    assert (fresh(run).state, run.response["body"]) == ("succeeded", {"paid": None})
    assert len(bank.requests) == 1


def test_of_two_answers_the_first_counts(app, work, bank):
    run = asked(app, work, bank)
    unknown_outcomes.decide(run, "pay", "skip", by="Ana")

    with pytest.raises(StateConflict):
        unknown_outcomes.decide(run, "pay", "run_again", by="Ben")
    work()

    assert len(bank.requests) == 1
    db.session.rollback()
    db.session.expire_all()
    [wait] = db.session.scalars(db.select(Wait).where(Wait.run_id == run.id))
    assert wait.payload["by"] == "Ana"


def three_asked(work, bank):
    """A run that has died beside three effects at once and asks about each of them."""
    turns = {"branches": {"body": [pay(bank)]}}
    run = start_run(step("each", "for_each", list=[1, 2, 3], concurrency=3, **turns))
    die_after_the_effect(run)
    work()
    return fresh(run), [f"each/{number}/pay" for number in range(3)]


def decide(run, path, decision):
    unknown_outcomes.decide(run, path, decision, by="Ana", output={"body": {"id": 7}})


def test_each_of_several_questions_takes_its_answer_before_the_run_goes_on(app, work, bank):
    run, paths = three_asked(work, bank)

    for path in paths:
        decide(run, path, "happened")
    with pytest.raises(StateConflict):
        decide(run, paths[0], "run_again")
    sent = len(bank.requests)
    work()

    assert (fresh(run).state, len(bank.requests)) == ("succeeded", sent)


@pytest.mark.parametrize("moment", ["load", "sleep"])
def test_an_answer_to_a_run_in_a_workers_hands_is_heard_before_it_sleeps(
    app, work, bank, monkeypatch, moment
):
    run, paths = three_asked(work, bank)
    original, late = getattr(RunJournal, moment), iter(paths[1:])

    def beside(journal, *args, **more):
        history = original(journal, *args, **more) if moment == "load" else None
        for path in late:
            contextvars.Context().run(in_another_process, app, run.id, path)
        return history or original(journal, *args, **more)

    monkeypatch.setattr(RunJournal, moment, beside)
    decide(run, paths[0], "skip")
    advance.advance_run(run.id)

    assert fresh(run).state == "succeeded"


def in_another_process(app, run_id, path):
    """As somebody else answers while this process holds the run."""
    with app.app_context():
        decide(db.session.get_one(Run, run_id), path, "skip")


def test_a_run_in_a_workers_hands_that_is_being_cancelled_takes_no_answer(app, work, bank):
    run, paths = three_asked(work, bank)
    decide(run, paths[0], "skip")
    leases.claim(run.id)
    runs.cancel(fresh(run))

    with pytest.raises(StateConflict):
        decide(run, paths[1], "skip")


def test_what_may_be_done_again_is(app, work, bank):
    run = asked(app, work, bank, after_crash="run_again")

    assert fresh(run).state == "succeeded"
    assert keys(bank) == [f"{run.id}:pay"] * 2


def test_what_may_be_passed_over_is(app, work, bank):
    run = asked(app, work, bank, after_crash="skip")

    assert (fresh(run).state, len(bank.requests)) == ("succeeded", 1)


def test_a_run_that_asks_can_be_cancelled(app, work, bank):
    run = asked(app, work, bank)

    runs.cancel(run)

    assert fresh(run).state == "cancelled"
    with pytest.raises(StateConflict):
        unknown_outcomes.decide(run, "pay", "happened", by="Ana")


def test_a_run_that_was_given_back_asks_nothing(app, work, bank):
    run = start_run(pay(bank), ANSWER)
    leases.forget(leases.claim(run.id).row.id)
    end_lease(run)
    rescue.rescue_dead()
    work()

    assert (fresh(run).state, len(bank.requests)) == ("succeeded", 1)


def test_that_it_begins_is_on_the_disk_before_it_does(bank, app, work, monkeypatch):
    if db.engine.dialect.name != "sqlite":
        return  # PostgreSQL flushes every commit by itself
    flushed = []
    choose = sqlite_writing.choose_flushing

    def note(connection, is_flushed):
        flushed.append((is_flushed, len(bank.requests)))
        choose(connection, is_flushed)

    monkeypatch.setattr(sqlite_writing, "choose_flushing", note)
    run = start_run(pay(bank), ANSWER)
    flushed.clear()
    work()

    assert fresh(run).state == "succeeded"
    assert (True, 0) in flushed
