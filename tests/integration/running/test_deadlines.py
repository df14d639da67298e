"""Steps and blocks whose time is up while their run sleeps: on a disk, across workers."""

import time
from datetime import timedelta

import pytest

from core import clock
from core.engine.http_messages import OutgoingAnswer
from core.runtime import advance, cancelling, duties, journal, outgoing, rescue, resuming
from core.storage.db import db
from core.storage.run import Run, StepRun, Wait
from core.storage.stored_value import StoredValue
from tests.conftest import DATABASES
from tests.factories import fresh, make_workflow, start_run
from tests.integration.running.dying import advance_and_die, end_lease
from tests.times import two_hours_later
from tests.unit.engine.machines import step

pytestmark = pytest.mark.parametrize("database", DATABASES, indirect=True)
NAP = step("nap", "wait", **{"for": "10h"})
OTHER = step("other", "run_workflow", workflow="other")


def block(*steps):
    return step("block", "branch", {"only": [*steps]}, timeout="1h")


@pytest.fixture
def other(app):
    return make_workflow(NAP, step("answer", "return_data", body=7), name="other")


def due(run):
    """Whether it is woken an hour after its start."""
    return abs(fresh(run).wake_at - clock.now() - timedelta(hours=1)) < timedelta(minutes=1)


def child_of(run):
    db.session.rollback()
    return db.session.scalars(db.select(Run).where(Run.parent_run_id == run.id)).one()


def later(run, work):
    with two_hours_later(run):
        duties.wake_due()
        work()


@pytest.mark.parametrize(
    ("steps", "failed"),
    [
        ([block(NAP)], "block"),
        ([NAP | {"timeout": "1h"}], "nap"),
        ([block(OTHER)], "block"),
        ([OTHER | {"timeout": "1h"}], "other"),
    ],
    ids=["wait in a block", "wait", "run in a block", "run"],
)
def test_a_run_is_woken_when_the_time_is_up(app, work, other, steps, failed):
    run = start_run(*steps)
    work()
    assert (fresh(run).state, due(run)) == ("waiting", True)

    later(run, work)

    error = fresh(run).error
    assert (run.state, error["kind"], error["step"]) == ("failed", "timeout", failed)


def test_another_run_that_is_not_waited_for_any_more_is_cancelled(app, work, other):
    run = start_run(block(OTHER))
    work()
    child = child_of(run)
    assert child.state == "waiting"

    later(run, work)
    work()

    assert (fresh(child).state, fresh(run).state) == ("cancelled", "failed")
    assert fresh(run).error["kind"] == "timeout"


class PowerCut(BaseException):
    """The process is gone."""


def power_cut(*_):
    raise PowerCut


def test_another_run_is_cancelled_although_a_crash_comes_before(app, work, other, monkeypatch):
    run = start_run(block(OTHER))
    work()
    with two_hours_later(run):
        duties.wake_due()
        with monkeypatch.context() as patched, pytest.raises(PowerCut):
            patched.setattr(cancelling, "cancel_awaited", power_cut)
            advance.advance_run(run.id)
    end_lease(run)
    rescue.rescue_dead()

    later(run, work)

    assert (fresh(child_of(run)).state, fresh(run).state) == ("cancelled", "failed")


def test_an_answer_of_another_run_counts_until_the_time_is_up(app, work):
    make_workflow(step("answer", "return_data", body=7), name="other")
    run = start_run(block(OTHER), step("answer", "return_data", body="{{ steps.other }}"))

    work()

    assert (fresh(run).state, run.response["body"]) == ("succeeded", 7)


def test_an_attempt_that_is_due_too_late_is_not_waited_for(app, work):
    busy = {"attempts": 2, "wait": "5h", "max_wait": "5h"}
    call = step("call", "call_api", method="GET", url="https://a.invalid", retry=busy)
    run = start_run(block(call))
    work()
    assert (fresh(run).state, run.reason) == ("waiting", "retry")
    assert run.wake_at <= clock.now() + timedelta(hours=1)

    later(run, work)

    assert (fresh(run).state, run.error["step"]) == ("failed", "block")


LAST = step("last", "increment_value", key="last", by=1)
TRIED = step("nap", "wait", **{"for": "90m"}), step("tried", "increment_value", key="tried", by=1)


def counted():
    db.session.rollback()
    return dict(db.session.execute(db.select(StoredValue.key, StoredValue.value)).all())


@pytest.mark.parametrize(
    ("inner", "outer", "failed"), [("1h", None, "guard"), (None, "1h", "block")]
)
def test_whoever_takes_it_up_again_has_the_time_again_and_finally_too(
    app, work, inner, outer, failed
):
    guard = step("guard", "try", {"try": [*TRIED], "finally": [LAST]}, timeout=inner)
    run = start_run(block(guard) | {"timeout": outer})
    work()
    later(run, work)
    assert (fresh(run).state, run.error["step"]) == ("failed", failed)
    assert counted() == {"last": 1}

    with two_hours_later(run):
        resuming.retry(run, resuming.plan(run), by="Ana")
        work()

    assert (fresh(run).state, counted()) == ("succeeded", {"last": 2, "tried": 1})


def test_whoever_takes_it_up_again_in_a_catch_goes_on_there(app, work):
    failing = step("broken", "stop", outcome="fail", message="no")
    paths = {"try": [failing], "catch": [*TRIED], "finally": [LAST]}
    run = start_run(block(step("guard", "try", paths)))
    work()
    later(run, work)
    assert (fresh(run).state, counted()) == ("failed", {"last": 1})

    with two_hours_later(run):
        resuming.retry(run, resuming.plan(run), by="Ana")
        work()

    assert (fresh(run).state, counted()) == ("succeeded", {"last": 2, "tried": 1})


class Slow:
    """Another system that takes its time, though no longer than a call may."""

    def send(self, request, **_):
        time.sleep(0.3)
        return OutgoingAnswer(200, {}, {"ok": True}, request.url)


@pytest.mark.parametrize("timeout", ["block", "workflow"])
def test_a_last_call_that_ends_too_late_has_happened_all_the_same(app, work, monkeypatch, timeout):
    monkeypatch.setattr(outgoing.http, "send", Slow().send)
    call = step("call", "call_api", method="POST", url="https://a.test")
    limit = {"timeout": "200ms"}
    run = start_run(block(call) | limit) if timeout == "block" else start_run(call, settings=limit)

    work()

    assert (fresh(run).state, run.error["kind"]) == ("failed", "timeout")
    assert run.reason == ("timed_out" if timeout == "workflow" else None)
    assert db.session.get(StepRun, (run.id, "call", 1)).state == "succeeded"
    assert journal.load(run.id, 1).outputs["call"]["body"] == {"ok": True}


def test_a_crash_moves_no_deadline(app, work, other):
    run = start_run(OTHER | {"timeout": "1h"})
    advance_and_die(run, advance.Orders, "follow_up")
    begun = child_of(run).created_at

    work()

    assert abs(fresh(run).wake_at - begun - timedelta(hours=1)) < timedelta(seconds=1)
    db.session.rollback()
    assert db.session.get(Wait, (run.id, "other", 1)).wake_at == run.wake_at
