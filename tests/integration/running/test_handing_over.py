"""What a holder owes the next one: its outcomes on record soon, and nothing that isn't its own."""

import threading

import pytest

from core.engine import entries
from core.engine.outcomes import Done
from core.runtime import advance, journal, leases, runs
from core.runtime.journal import RunJournal
from core.steps import step_types
from core.storage.db import db
from core.storage.run import Segment, StepRun
from tests.conftest import DATABASES
from tests.factories import fresh, start_run
from tests.unit.engine.machines import step
from tests.waiting import wait_until

pytestmark = pytest.mark.parametrize("database", DATABASES, indirect=True)
NOTHING = {"running_ms": 0, "steps_used": 0}


class Calls:
    """Outgoing calls that last until they are told to end; `/quick` ones don't."""

    def __init__(self):
        self.begun = threading.Semaphore(0)
        self.may_end = threading.Event()
        self.keys = []

    def run(self, inputs, context):
        self.keys.append(context.key)
        if not inputs["url"].endswith("/quick"):
            self.begun.release()
            self.may_end.wait(20)
        return Done({"body": "answered"})


@pytest.fixture
def calls(monkeypatch):
    calls = Calls()
    run = lambda _, inputs, context: calls.run(inputs, context)  # noqa: E731
    monkeypatch.setattr(type(step_types()["call_api"]), "run", run)
    yield calls
    calls.may_end.set()


@pytest.fixture
def stopping():
    """Ask this process to stop, until the test lets another go on."""
    yield advance._stopping
    advance._stopping.clear()


def call(id, path="slow"):
    return step(id, "call_api", method="GET", url=f"https://example.com/{path}")


def in_thread(app, run):
    def advance_run():
        with app.app_context():
            advance.advance_run(run.id)

    thread = threading.Thread(target=advance_run)
    thread.start()
    return thread


def test_a_stopping_worker_hands_the_outcome_on_that_it_waited_for(app, work, calls, stopping):
    answer = step("answer", "return_data", body="{{ steps.slow.body }}")
    run = start_run(call("slow"), call("next", "quick"), answer)
    holder = in_thread(app, run)
    assert calls.begun.acquire(timeout=5)

    stopping.set()
    calls.may_end.set()
    holder.join()
    assert fresh(run).state == "queued"
    stopping.clear()
    work()

    assert fresh(run).response["body"] == "answered"
    assert calls.keys == [f"{run.id}:slow", f"{run.id}:next"]


def test_a_stopping_worker_begins_no_further_effect(app, work, calls, stopping):
    items = step(
        "each",
        "for_each",
        list=[1, 2, 3, 4],
        concurrency=2,
        branches={"body": [call("slow")]},
    )
    run = start_run(items)
    holder = in_thread(app, run)
    for _ in range(2):
        assert calls.begun.acquire(timeout=5)

    stopping.set()
    calls.may_end.set()
    holder.join()

    assert len(calls.keys) == 2
    stopping.clear()
    work()
    assert fresh(run).state == "succeeded"
    assert sorted(calls.keys) == [f"{run.id}:each/{index}/slow" for index in range(4)]


def test_an_outcome_is_on_record_while_a_slower_path_is_under_way(app, calls):
    paths = {"a": [call("quick", "quick")], "b": [call("slow")]}
    run = start_run(step("both", "parallel", branches=paths))
    holder = in_thread(app, run)
    assert calls.begun.acquire(timeout=5)

    def is_recorded():
        db.session.rollback()
        return db.session.get(StepRun, (run.id, "quick", 1)).state == "succeeded"

    wait_until(is_recorded, seconds=5)
    assert journal.load(run.id, 1).outputs["quick"] == {"body": "answered"}
    calls.may_end.set()
    holder.join()
    assert fresh(run).state == "succeeded"


def test_a_cancelled_run_keeps_what_is_known_of_its_effects(app, calls):
    run = start_run(call("slow"), call("next", "quick"))
    holder = in_thread(app, run)
    assert calls.begun.acquire(timeout=5)

    runs.cancel(run)
    calls.may_end.set()
    holder.join()

    assert fresh(run).state == "cancelled"
    assert db.session.get(StepRun, (run.id, "slow", 1)).state == "succeeded"
    assert db.session.get(StepRun, (run.id, "next", 1)) is None
    assert journal.load(run.id, 1).outputs == {"slow": {"body": "answered"}}


def test_an_earlier_holder_in_the_same_process_ends_no_newer_lease(app):
    run = start_run(step("x", value=1))
    earlier = leases.claim(run.id)
    RunJournal(earlier, lambda: NOTHING).commit(state="queued", lease_until=None)
    leases.claim(run.id)

    leases.forget(run.id, earlier.fence)
    before = fresh(run).lease_until
    leases.renew()

    assert fresh(run).lease_until > before
    leases.forget(run.id)


def test_a_line_logged_while_the_journal_commits_is_kept(app):
    """Steps log in threads of their own; the journal belongs to the thread of its run."""
    run = start_run(step("x", value=1))
    held = RunJournal(leases.claim(run.id), lambda: NOTHING)
    held.add(entries.skipped("x", "disabled", run.created_at))

    held.commit(lambda _: held.log("x").write("info", "from within"))
    held.commit()

    written = [entry for segment in segments(run) for entry in segment]
    assert [entry[0] for entry in written] == ["skipped", "log"]
    leases.forget(run.id)


def test_lines_logged_in_threads_never_commit(app):
    run = start_run(step("x", value=1))
    held = RunJournal(leases.claim(run.id), lambda: NOTHING)
    log = held.log("x")

    for number in range(journal.FLUSH_ENTRIES + 1):
        log.write("info", str(number))

    assert fresh(run).seq == 0
    held.flush()
    assert len(segments(run)[0]) == journal.FLUSH_ENTRIES + 1
    leases.forget(run.id)


def segments(run):
    db.session.rollback()
    query = db.select(Segment.entries).where(Segment.run_id == run.id).order_by(Segment.seq)
    return db.session.scalars(query).all()
