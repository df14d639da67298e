"""A run that failed: a workflow meant for that runs once, and people are told, once an hour."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from core.runtime import failure_mails, leases, mail_posting, rescue, runs
from core.runtime.endings import fail_inside
from core.runtime.runs import NewRun
from core.storage.db import db, transaction
from core.storage.failure import Failure
from core.storage.run import Run
from tests.conftest import DATABASES
from tests.factories import fresh, make_workflow, start_run, workspace
from tests.integration.mail.conftest import connect, mails
from tests.unit.engine.machines import step

FAIL = step("fail", "stop", outcome="fail", message="the shop is closed")
ECHO = step("echo", "return_data", body="{{ trigger.body }}")


def handled_by(name):
    return {"on_failure": {"workflow": name}}


def runs_of(workflow):
    db.session.rollback()
    return list(db.session.scalars(select(Run).where(Run.workflow_id == workflow.id)))


@pytest.mark.parametrize("database", DATABASES, indirect=True)
def test_the_workflow_for_failures_runs_and_knows_what_failed(app, work):
    desk = make_workflow(ECHO, name="desk")
    shop = make_workflow(FAIL, name="shop", settings=handled_by("desk"))

    failed = start_run(workflow=shop)
    work()

    (handler,) = runs_of(desk)
    assert (handler.state, handler.origin, handler.mode) == ("succeeded", "workflow", "live")
    assert handler.parent_run_id == failed.id
    told = handler.response["body"]
    assert (told["run_id"], told["workflow"], told["title"]) == (failed.id, "shop", "")
    assert told["error"]["message"] == "the shop is closed"
    assert told["url"].endswith(f"/runs/{failed.id}")


def test_a_handler_that_fails_starts_nothing(app, work):
    desk = make_workflow(FAIL, name="desk", settings=handled_by("desk"))
    child = make_workflow(FAIL, name="child", settings=handled_by("caller"))
    caller = make_workflow(step("c", "run_workflow", workflow="child"), name="caller")
    shop = make_workflow(FAIL, name="shop", settings=handled_by("caller"))

    start_run(workflow=shop)
    start_run(workflow=desk)
    work()

    assert len(runs_of(caller)) == 1
    assert len(runs_of(child)) == 1
    assert len(runs_of(desk)) == 2


@pytest.mark.parametrize("database", DATABASES, indirect=True)
def test_a_workflow_that_plans_itself_is_handled_however_often_it_did(app, work):
    desk = make_workflow(ECHO, name="desk")
    again = {"workflow": "shop", "parameters": {"n": "{{ trigger.body.n + 1 }}"}}
    last, fails = "{{ trigger.body.n < 23 }}", "{{ trigger.body.n in [1, 21, 22, 23] }}"
    steps = (
        step("again", "schedule_workflow", only_when=last, **again),
        {**FAIL, "only_when": fails},
    )
    shop = make_workflow(*steps, name="shop", settings=handled_by("desk"))

    start_run(workflow=shop, input={"body": {"n": 0}})
    for _ in range(24):
        work()

    assert len(runs_of(shop)) == 24
    handled = {run.parent_run_id for run in runs_of(desk)}
    assert handled == {run.id for run in runs_of(shop) if run.state == "failed"}
    assert len(handled) == 4


def test_what_a_handler_plans_is_handled_when_it_fails_and_the_handler_is_not(app, work):
    later = step("later", "schedule_workflow", workflow="child")
    desk = make_workflow(later, FAIL, name="desk", settings=handled_by("desk"))
    child = make_workflow(FAIL, name="child", settings=handled_by("note"))
    note = make_workflow(ECHO, name="note")
    start_run(workflow=make_workflow(FAIL, settings=handled_by("desk")))
    for _ in range(3):
        work()

    assert [len(runs_of(each)) for each in (desk, child, note)] == [1, 1, 1]


def test_it_gets_what_it_declares(app, work):
    parameters = {"endpoint": {"parameters": [{"key": "title", "type": "text", "optional": True}]}}
    desk = make_workflow(ECHO, name="desk", triggers=parameters)
    shop = make_workflow(FAIL, settings={**handled_by("desk"), "run_title": "Order 7"})

    start_run(workflow=shop)
    work()

    assert runs_of(desk)[0].response["body"] == {"title": "Order 7"}


@pytest.mark.parametrize("name", ["missing", "unpublished", "picky"])
def test_a_handler_that_can_t_run_leaves_the_failure_as_it_is(app, work, name):
    make_workflow(ECHO, name="unpublished", is_published=False)
    asks = {"endpoint": {"parameters": [{"key": "amount", "type": "number"}]}}
    make_workflow(ECHO, name="picky", triggers=asks)

    run = start_run(workflow=make_workflow(FAIL, settings=handled_by(name)))
    work()

    assert (fresh(run).state, run.error["message"]) == ("failed", "the shop is closed")


def test_tests_and_handled_failures_and_good_ends_are_no_failures(app, work):
    desk = make_workflow(ECHO, name="desk")
    shop = make_workflow(FAIL, settings=handled_by("desk"))
    good = make_workflow(ECHO, settings=handled_by("desk"))

    start_run(workflow=good)
    runs.start_test(shop, {}, by="Olga")
    runs.cancel(runs.start(NewRun(shop, shop.published, "manual", {})))
    work()

    assert runs_of(desk) == []
    assert db.session.scalars(select(Failure)).all() == []


def test_runs_that_are_set_aside_or_broken_by_us_count_too(app):
    desk = make_workflow(ECHO, name="desk")
    shop = make_workflow(ECHO, settings=handled_by("desk"))
    first, second = start_run(workflow=shop), start_run(workflow=shop)

    fail_inside(leases.claim(first.id), "abc")
    for _ in range(1 + rescue.MOST_DEATHS):
        leases.claim(second.id)
        leases.forget(second.id)
        rescue.release(leases.worker_id())

    assert (fresh(first).state, fresh(second).state) == ("failed", "failed")
    assert len(runs_of(desk)) == 2


def test_a_child_s_failure_is_told_by_the_run_that_waits_for_it(app, work):
    make_workflow(FAIL, name="child")
    parent = make_workflow(step("c", "run_workflow", workflow="child"), name="parent")

    run = start_run(workflow=parent)
    work()

    assert [row.run_id for row in db.session.scalars(select(Failure))] == [run.id]


def fail(work, *workflows):
    for workflow in workflows:
        start_run(workflow=workflow)
    work()


def age(**length):
    """Make every failure and every mail of the past older."""
    back = timedelta(**length).total_seconds()
    with transaction() as session:
        session.execute(db.text(f"UPDATE failure SET at = at - {back}"))
        session.execute(db.text(f"UPDATE failure_reader SET told_at = told_at - {back}"))


@pytest.mark.parametrize("database", DATABASES, indirect=True)
def test_the_owner_is_told_of_all_failures_at_once(app, people, work):
    orders = make_workflow(FAIL, name="orders", settings={"run_title": "Order <7>"})
    other = make_workflow(FAIL, name="other")
    fail(work, orders, other, orders)

    assert failure_mails.tell() == 0  # they are gathered for a moment
    age(seconds=30)
    assert failure_mails.tell() == 1

    (mail,) = mails()
    assert (mail.state, mail.origin, mail.to_line) == (
        "kept",
        "failures",
        "Olga <olga@example.org>",
    )
    assert mail.subject == "3 runs failed: 2 workflows"
    assert "orders: 2 failed runs\n- Order <7>: the shop is closed\n" in mail.text
    assert "Order &lt;7&gt;" in mail.html and "Order <7>" not in mail.html
    assert "/settings/mail" in mail.text


def test_nobody_is_told_twice_or_more_than_once_an_hour(app, people, work):
    orders = make_workflow(FAIL, name="orders")
    fail(work, orders)
    age(minutes=1)
    assert failure_mails.tell() == 1

    fail(work, orders, orders)
    age(minutes=5)
    assert failure_mails.tell() == 0
    age(minutes=60)
    assert failure_mails.tell() == 1
    age(hours=2)
    assert failure_mails.tell() == 0

    assert [mail.subject for mail in mails()] == ["2 runs failed: orders", "1 run failed: orders"]


def test_of_many_schedulers_one_tells(app, people, work):
    import contextvars
    from concurrent.futures import ThreadPoolExecutor

    fail(work, make_workflow(FAIL))
    age(minutes=1)

    def tell(_):
        with app.app_context():
            return failure_mails.tell()

    with ThreadPoolExecutor(4) as threads:
        told = list(threads.map(lambda n: contextvars.Context().run(tell, n), range(8)))

    assert sum(told) == 1
    assert len(mails()) == 1


def test_members_choose_for_themselves(app, people, work):
    here = workspace().id
    failure_mails.choose(here, people.olga, is_wanted=False)
    failure_mails.choose(here, people.max, is_wanted=True)
    fail(work, make_workflow(FAIL))
    age(minutes=1)

    failure_mails.tell()

    assert [mail.to_line for mail in mails()] == ["Max <max@example.org>"]
    assert failure_mails.is_wanted(here, people.max, "editor")
    assert not failure_mails.is_wanted(here, people.olga, "owner")
    assert not failure_mails.is_wanted(here, people.ada, "admin")


def test_a_connected_mailbox_sends_them(people, mailbox, work):
    fail(work, make_workflow(FAIL, name="orders"))
    age(minutes=1)
    failure_mails.tell()

    assert mail_posting.send_queued() == 1
    assert mail_posting.send_queued() == 0

    (message,) = mailbox.messages
    assert (message["To"], message["Subject"]) == (
        "Olga <olga@example.org>",
        "1 run failed: orders",
    )
    assert [mail.state for mail in mails()] == ["sent"]


def test_a_mailbox_that_is_away_is_tried_again_and_given_up_in_the_end(people, open_mailbox, work):
    server = open_mailbox()
    connect(server.port)
    server.close()
    fail(work, make_workflow(FAIL))
    age(minutes=1)
    failure_mails.tell()

    for attempt in range(mail_posting.MOST_ATTEMPTS):
        assert mails()[0].state == "queued", attempt
        with transaction() as session:
            session.execute(db.text("UPDATE mail SET next_try_at = 0"))
        mail_posting.send_queued()

    (mail,) = mails()
    assert (mail.state, mail.attempts) == ("failed", mail_posting.MOST_ATTEMPTS)
    assert "connection refused" in mail.error


def test_through_which_mailbox_is_the_workspace_s_choice(app, mailbox, open_mailbox):
    connect(open_mailbox().port, name="second")
    here = workspace().id
    assert mail_posting.default_connection(here) == "office"

    mail_posting.choose_connection(here, "second")
    assert mail_posting.default_connection(here) == "second"

    mail_posting.choose_connection(here, "")
    assert mail_posting.default_connection(here) == ""
    with pytest.raises(mail_posting.UnknownConnection):
        mail_posting.choose_connection(here, "nobody")


def test_what_everybody_was_told_is_forgotten_and_ids_go_on(app, people, work):
    orders = make_workflow(FAIL)
    fail(work, orders)
    age(minutes=1)
    failure_mails.tell()
    age(hours=26)
    failure_mails.forget_told()
    assert db.session.scalars(select(Failure)).all() == []

    fail(work, orders)
    age(minutes=1)

    assert failure_mails.tell() == 1
