"""Paths that are left when one beside them fails: what they had begun is let go of."""

import time
from dataclasses import replace
from datetime import timedelta

import pytest

from core import config
from core.runtime import (
    advance,
    approvals,
    callbacks,
    cancelling,
    consistency,
    duties,
    rescue,
    run_view,
)
from core.runtime.callbacks import Place
from core.runtime.leases import Claim
from core.runtime.letting_go import Abandoned
from tests.chaos.crash_points import die
from tests.conftest import DATABASES
from tests.factories import fresh, make_workflow, start_run
from tests.integration.outward.listener import Listener, ok
from tests.integration.running.dying import advance_and_die, end_lease
from tests.integration.running.test_resuming import stored
from tests.integration.running.test_siblings import add_to, ask, children_of, mailbox, mails
from tests.processes import outcome_of
from tests.times import two_hours_later
from tests.unit.engine.machines import step

pytestmark = pytest.mark.parametrize("database", DATABASES, indirect=True)
__all__ = ["mailbox"]
NAP = step("nap", "wait_for_call")
FAIL = step("no", "stop", outcome="fail", message="no")


def caught(awaited, end=FAIL):
    """Two paths in a try: one awaits something, the other ends so as soon as it is called."""
    both = {"awaited": [awaited], "failing": [step("go", "wait_for_call"), end]}
    return step("t", "try", {"try": [step("both", "parallel", both)], "catch": [add_to("caught")]})


def let_fail(run, work):
    work()
    assert callbacks.receive(Place(run.id, "go"), {}) == callbacks.ACCEPTED
    work()


@pytest.fixture
def child(app):
    return make_workflow(step("inner", "wait_for_call"), add_to("child"))


def test_a_question_that_nobody_waits_for_takes_no_answer_and_reminds_nobody(app, work, mailbox):
    run = start_run(caught(ask()), NAP)
    work()
    (question,) = approvals.of_run(run.id)

    let_fail(run, work)

    answer = {"approved": True, "by": "Ana", "comment": "", "fields": {}}
    assert (fresh(run).state, run.reason) == ("waiting", "call")
    assert (approvals.of_run(run.id), approvals.answer(question, **answer)) == ([], False)
    assert approvals.find(question.place).state == "ended"
    assert [mail.origin for mail in mails()] == ["run"]


def test_a_call_that_nobody_waits_for_is_refused(app, work):
    run = start_run(caught(step("answer", "wait_for_call")), NAP)

    let_fail(run, work)

    assert callbacks.receive(Place(run.id, "answer"), {}) == callbacks.ENDED
    view = run_view.view(fresh(run))
    assert (view.step("answer").state, view.step("answer").is_dropped) == ("interrupted", True)
    assert view.step("nap").state == "waiting"


@pytest.mark.parametrize("after", [[NAP], []], ids=["goes on", "ends"])
def test_a_run_that_nobody_waits_for_is_cancelled(app, work, child, after):
    run = start_run(caught(step("kid", "run_workflow", workflow=child.name)), *after)

    let_fail(run, work)

    (kid,) = children_of(run)
    assert (fresh(run).state, kid.state) == ("waiting" if after else "succeeded", "cancelled")
    assert stored() == {"caught": 1}


def test_a_run_that_was_started_beside_a_stop_is_cancelled(app, work, child):
    kid = step("kid", "run_workflow", workflow=child.name)
    run = start_run(caught(kid, end=step("enough", "stop")))

    let_fail(run, work)

    assert (fresh(run).state, run.reason) == ("succeeded", "stopped")
    assert [kid.state for kid in children_of(run)] == ["cancelled"]


@pytest.mark.parametrize("after", [[NAP], []], ids=["goes on", "ends"])
def test_after_a_crash_in_between_it_is_let_go_of_too(app, work, child, after):
    run = start_run(caught(step("kid", "run_workflow", workflow=child.name)), *after)
    work()
    callbacks.receive(Place(run.id, "go"), {})

    advance_and_die(run, Abandoned, "let_go")
    work()

    assert [kid.state for kid in children_of(run)] == ["cancelled"]
    assert list(consistency.broken()) == []


@pytest.mark.parametrize("after", [[NAP], []], ids=["goes on", "ends"])
def test_a_run_that_was_let_go_of_is_cancelled_although_who_did_it_died_before(
    app, work, child, after
):
    run = start_run(caught(step("kid", "run_workflow", workflow=child.name)), *after)
    work()
    callbacks.receive(Place(run.id, "go"), {})

    assert outcome_of(advance_and_die_before_cancelling, run.id) < 0
    end_lease(run)
    rescue.rescue_dead()
    work()

    assert [kid.state for kid in children_of(run)] == ["cancelled"]


def test_a_run_whose_time_was_up_is_cancelled_although_who_saw_it_died_before(app, work, child):
    kid = step("kid", "run_workflow", workflow=child.name, timeout="1h")
    run = start_run(step("t", "try", {"try": [kid], "catch": [add_to("caught")]}), NAP)
    work()
    with two_hours_later(run):
        duties.tick()

    assert outcome_of(see_that_time_is_up_and_die, run.id) < 0
    end_lease(run)
    rescue.rescue_dead()
    work()

    assert [kid.state for kid in children_of(run)] == ["cancelled"]
    assert stored()["caught"] == 1


def see_that_time_is_up_and_die(run_id):
    now = Claim.now
    Claim.now = lambda claim: now(claim) + timedelta(hours=2)
    advance_and_die_before_cancelling(run_id)


def advance_and_die_before_cancelling(run_id):
    cancelling.cancel_awaited = lambda *_: die()
    advance.advance_run(run_id)


def test_of_a_request_that_is_not_waited_for_nobody_knows_the_end(app, work, settings):
    def answer_late(line):
        time.sleep(1)
        line.sendall(ok())

    listener = Listener(answer_late)
    config.use(replace(settings, allowed_hosts_out=(f"127.0.0.1:{listener.port}",)))
    slow = step("slow", "call_api", method="GET", url=listener.url)
    failing = [step("moment", "wait", **{"for": "200ms"}), FAIL]
    both = step("both", "parallel", {"slow": [slow], "failing": failing})
    run = start_run(step("t", "try", {"try": [both], "catch": [add_to("caught")]}))
    work()
    listener.close()

    assert fresh(run).state == "succeeded"
    assert run_view.view(run).step("slow").is_dropped
    assert list(consistency.broken()) == []
