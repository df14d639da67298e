"""A failed run is taken up again: what stood beside the failed step goes on and is not repeated."""

import time
from dataclasses import replace

import pytest

from core import config
from core.runtime import approvals, callbacks, reminders
from core.runtime.callbacks import Place
from core.storage.db import db, transaction
from core.storage.mail import Mail
from core.storage.run import Run
from core.storage.stored_value import StoredValue
from tests.conftest import DATABASES
from tests.factories import fresh, make_workflow, start_run
from tests.integration.mail.conftest import connect
from tests.integration.outward.listener import Listener, ok
from tests.integration.running.test_resuming import REFUSED, again, failed, keys, stored
from tests.mailboxes import Mailbox
from tests.unit.engine.machines import step

pytestmark = pytest.mark.parametrize("database", DATABASES, indirect=True)
BROKEN = step("setup", "store_value", key="bad", value="text")


def add_to(key, id="add"):
    return step(id, "increment_value", key=key, by=1)


def mend():
    """Let the value be a number, which can be added to."""
    with transaction() as session:
        session.scalars(db.select(StoredValue).where(StoredValue.key == "bad")).one().value = 0


LOOP = step(
    "loop",
    "for_each",
    {"body": [add_to("{{ item }}")]},
    list=["bad", "one", "two"],
    concurrency=3,
)
PATHS = step("both", "parallel", {key: [add_to(key, key)] for key in ("bad", "one", "two")})


@pytest.mark.parametrize("block", [LOOP, PATHS], ids=["turns", "paths"])
def test_what_happened_inside_beside_the_failure_does_not_happen_again(app, work, block):
    run = failed(work, BROKEN, block)
    mend()

    again(run, work)

    assert run.state == "succeeded"
    assert stored() == {"bad": 1, "one": 1, "two": 1}


def test_requests_that_went_well_beside_a_refused_one_are_not_sent_again(app, work, settings):
    def refuse_late(line):
        time.sleep(0.3)
        line.sendall(REFUSED)

    listener = Listener(refuse_late, ok(b"1"), ok(b"2"), ok(b"3"))
    config.use(replace(settings, allowed_hosts_out=(f"127.0.0.1:{listener.port}",)))
    post = step("pay", "call_api", method="POST", url=f"{listener.url}/pay", body="{{ item }}")
    loop = step("loop", "for_each", {"body": [post]}, list=[1, 2, 3], concurrency=3)
    run = failed(work, loop)

    again(run, work)
    listener.close()

    assert run.state == "succeeded"
    assert [key.endswith(":r2") for key in keys(listener)] == [False, False, False, True]


def test_a_request_that_was_refused_beside_the_failure_is_sent_anew_and_nobody_is_asked(
    app, work, settings
):
    def refuse_late(line):
        time.sleep(0.3)
        line.sendall(REFUSED)

    listener = Listener(refuse_late, ok())
    config.use(replace(settings, allowed_hosts_out=(f"127.0.0.1:{listener.port}",)))
    pay = step("pay", "call_api", method="POST", url=f"{listener.url}/pay")
    failing = [step("moment", "wait", **{"for": "100ms"}), add_to("bad")]
    both = step("both", "parallel", {"failing": failing, "paying": [pay]})
    meanwhile = step("late", "wait", **{"for": "600ms"})
    run = failed(work, BROKEN, step("t", "try", {"try": [both], "finally": [meanwhile]}))
    mend()

    again(run, work)
    listener.close()

    assert (run.state, keys(listener)) == ("succeeded", [f"{run.id}:pay", f"{run.id}:pay:r2"])


def asleep(work, awaited):
    """A run in which this is awaited, beside a step that fails as soon as somebody calls."""
    failing = [step("go", "wait_for_call"), add_to("bad")]
    run = start_run(BROKEN, step("both", "parallel", {"awaited": [awaited], "failing": failing}))
    work()
    assert fresh(run).state == "waiting"
    return run


def let_fail(run, work):
    callbacks.receive(Place(run.id, "go"), {})
    work()
    assert fresh(run).state == "failed"


def children_of(run):
    db.session.rollback()
    mine = db.select(Run).where(Run.parent_run_id == run.id).order_by(Run.id)
    return db.session.scalars(mine).all()


@pytest.fixture
def child():
    return make_workflow(step("nap", "wait_for_call"), add_to("child"))


@pytest.mark.parametrize("failures", [1, 2])
def test_a_run_that_is_awaited_beside_the_failure_is_awaited_further(app, work, child, failures):
    run = asleep(work, step("kid", "run_workflow", workflow=child.name))
    let_fail(run, work)
    for _ in range(failures - 1):
        assert again(run, work).state == "failed"
    mend()
    assert again(run, work).state == "waiting"

    (kid,) = children_of(run)
    callbacks.receive(Place(kid.id, "nap"), {})
    work()

    assert fresh(run).state == "succeeded", run.error
    assert stored()["child"] == 1


def taken_up_when_its_child_had_ended(work, child):
    """A run that was taken up again after the run that it awaited had ended."""
    run = asleep(work, step("kid", "run_workflow", workflow=child.name))
    let_fail(run, work)
    callbacks.receive(Place(children_of(run)[0].id, "nap"), {})
    work()
    mend()
    return again(run, work)


def test_a_run_that_ended_while_its_starter_lay_failed_is_not_started_again(app, work, child):
    run = taken_up_when_its_child_had_ended(work, child)

    assert run.state == "succeeded"
    assert (stored()["child"], len(children_of(run))) == (1, 1)


def test_a_run_that_failed_while_its_starter_lay_failed_is_started_anew(app, work):
    child = make_workflow(step("nap", "wait_for_call"), step("no", "stop", outcome="fail"))
    run = taken_up_when_its_child_had_ended(work, child)

    assert [kid.state for kid in children_of(run)] == ["failed", "waiting"]


def test_people_who_were_asked_beside_the_failure_are_not_asked_again(app, work):
    run = asleep(work, ask())
    let_fail(run, work)
    mend()
    again(run, work)

    (question,) = approvals.of_run(run.id)
    assert approvals.answer(question, approved=True, by="Ana", comment="", fields={})
    work()

    assert fresh(run).state == "succeeded"
    assert [mail.origin for mail in mails()] == ["run"]


@pytest.fixture
def mailbox(app):
    """Somewhere to send mails to: without one no reminder is written."""
    opened = Mailbox()
    connect(opened.port)
    yield opened
    opened.close()


def test_they_are_still_reminded_once(app, work, mailbox):
    run = asleep(work, ask())
    let_fail(run, work)
    mend()
    again(run, work)

    (reminder,) = [mail for mail in mails() if mail.origin == "reminder"]
    assert not reminders.dropped(reminder)


def ask():
    return step("ask", "ask_approval", who="ana@example.org", message="May I?", remind_after="2d")


def mails():
    db.session.rollback()
    return db.session.scalars(db.select(Mail).order_by(Mail.id)).all()


def test_a_call_that_came_early_is_not_lost_with_the_failure_of_a_step_before(app, work):
    run = start_run(BROKEN, add_to("bad"), step("answer", "wait_for_call"))
    assert callbacks.receive(Place(run.id, "answer"), {"ok": 1}) == callbacks.ACCEPTED
    work()
    assert fresh(run).state == "failed"
    mend()

    again(run, work)

    assert run.state == "succeeded"
    assert callbacks.receive(Place(run.id, "answer"), {"ok": 2}) == callbacks.AGAIN


def test_a_wait_that_timed_out_waits_anew(app, work):
    short = {"id": "answer", "type": "wait_for_call", "inputs": {"timeout": "100ms"}}
    run = failed(work, short)
    assert run.error["kind"] == "timeout"

    again(run, work, inputs={"timeout": "1h"})

    assert callbacks.receive(Place(run.id, "answer"), {"ok": 2}) == callbacks.ACCEPTED
