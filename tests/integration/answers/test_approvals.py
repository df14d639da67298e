"""A run that asks a person: by link or on its page, once, in time, with a reminder."""

import html
import re
from datetime import timedelta

import pytest

from core import clock
from core.runtime import advance, approvals, connections, duties, mail_posting, resuming, runs
from core.runtime.callbacks import Place
from core.runtime.orders import Orders
from core.storage.db import db, transaction
from core.storage.mail import Mail
from core.storage.run import StepRun, Wait
from tests.conftest import DATABASES
from tests.factories import fresh, start_run
from tests.integration.running.dying import advance_and_die
from tests.times import two_hours_later
from tests.unit.engine.machines import step

pytestmark = pytest.mark.parametrize("database", DATABASES, indirect=True)
FORM = ["Cost center", {"key": "limit", "type": "number", "max": 500, "optional": True}]
WHO = "Ana <ana@example.org>, ben@example.org"


def ask(**more):
    timeout = {"timeout": more.pop("at_most")} if "at_most" in more else {}
    asking = step("ask", "ask_approval", who=WHO, message="May <b>Ben</b> buy it?", **more)
    asking["inputs"] |= timeout
    return asking


AFTER = step("after", "return_data", body="{{ steps.ask }}")


@pytest.fixture
def asked(app, work):
    """Start a run that asks, and let it fall asleep."""

    def asked(**more):
        run = start_run(ask(**more), AFTER)
        work()
        return run

    return asked


def mails():
    db.session.rollback()
    return list(db.session.scalars(db.select(Mail).order_by(Mail.id)))


def link(number=0):
    """The path of the link in somebody's mail."""
    return re.search(r"/approvals/\S+", mails()[number].message.text).group()


def press(client, address, decision, **fields):
    page = client.get(address).get_data(as_text=True)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page).group(1)
    return client.post(address, data={"csrf_token": token, "_decision": decision, **fields})


def test_each_person_gets_a_link_of_their_own_and_the_run_sleeps(asked):
    run = asked()

    assert fresh(run).error is None
    assert (fresh(run).state, fresh(run).reason) == ("waiting", "approval")
    written = mails()
    assert [mail.message.to[0].email for mail in written] == ["ana@example.org", "ben@example.org"]
    assert link(0) != link(1)
    assert run.id not in link(0)
    assert "&lt;b&gt;Ben&lt;/b&gt;" in written[0].message.html


def test_whoever_approves_is_named_and_the_form_is_read(asked, client, work):
    run = asked(fields=FORM)

    answered = press(client, link(1), "approve", cost_center="4711", limit="99", _comment=" Fine ")
    work()

    assert answered.status_code == 303
    assert fresh(run).response["body"] == {
        "approved": True,
        "by": "ben@example.org",
        "comment": "Fine",
        "fields": {"cost_center": "4711", "limit": 99},
    }
    page = client.get(link(0)).get_data(as_text=True)
    assert "Approved" in page
    assert "4711" in page


def test_declining_needs_no_form(asked, client, work):
    run = asked(fields=FORM)

    press(client, link(), "decline", limit="abc", _comment="Too much")
    work()

    body = fresh(run).response["body"]
    assert (body["approved"], body["comment"]) == (False, "Too much")


@pytest.mark.parametrize(
    ("decision", "typed", "said"),
    [
        ("approve", {"cost_center": "1", "limit": "501"}, "must be at most 500"),
        ("maybe", {"cost_center": "1"}, "Choose “Approve” or “Decline”"),
    ],
)
def test_a_wrong_form_says_what_is_wrong_and_keeps_what_was_typed(
    asked, client, decision, typed, said
):
    run = asked(fields=FORM)

    answered = press(client, link(), decision, **typed, _comment="kept words")

    assert answered.status_code == 422
    assert said in answered.get_data(as_text=True)
    assert "kept words" in answered.get_data(as_text=True)
    assert fresh(run).state == "waiting"


CHOICES = [
    {"key": "why", "label": "Reason", "choices": ["a", "b"], "optional": True},
    {"key": "sure", "label": "Sure", "type": "yes_no"},
    {"key": "pick", "label": "Pick", "choices": ["c", "d"]},
]


def test_a_choice_that_must_be_made_is_made_by_a_person(asked, client):
    asked(fields=CHOICES)

    page = client.get(link()).get_data(as_text=True)
    answered = press(client, link(), "approve", why="", sure="", pick="")

    first = re.findall(r"<select[^>]*>\s*<option[^>]*>([^<]*)<", page)
    assert first == ["–", "Choose…", "Choose…"]
    assert not re.search(r" selected>[^C–]", page)
    assert 'Reason <span class="field__free">if you like' in page
    assert answered.status_code == 422
    said = answered.get_data(as_text=True)
    assert "“Sure” is missing" in said and "“Pick” is missing" in said
    assert "“Reason”" not in said


def test_what_is_left_blank_is_not_given_or_missing(asked, client, work):
    tags = {"key": "tags", "list": True, "optional": True}
    run = asked(fields=["Cost center", *CHOICES[:1], tags])

    blank = press(client, link(), "approve", cost_center="  ", why="", tags="")
    given = press(client, link(), "approve", cost_center="1", why="", tags="")
    work()

    assert (blank.status_code, given.status_code) == (422, 303)
    assert "“Cost center” is missing" in blank.get_data(as_text=True)
    fields = fresh(run).response["body"]["fields"]
    assert fields == {"cost_center": "1", "why": None, "tags": None}


def test_an_answer_is_shown_as_it_was_given(asked, client, work):
    kinds = {"day": "date", "at": "date", "data": "object", "sure": "yes_no"}
    fields = [{"key": key, "type": kind} for key, kind in kinds.items()]
    run = asked(fields=[*fields, {"key": "tags", "list": True}])
    with transaction() as session:
        run = session.merge(run)
        run.timezone = "Europe/Berlin"

    typed = {"day": "2036-12-24", "at": "2036-12-24T18:30", "data": '{"k": true}', "sure": "no"}
    press(client, link(), "approve", **typed, tags='["a", "b"]')

    page = html.unescape(client.get(link()).get_data(as_text=True))
    for shown in ("24 Dec 2036", "24 Dec 2036 18:30", '{"k": true}', "No", "a, b"):
        assert f"<dd>{shown}</dd>" in page


def test_a_link_that_is_only_opened_answers_nothing(asked, client):
    run = asked()

    for _ in range(3):
        assert client.get(link()).status_code == 200
        assert client.head(link()).status_code == 200

    assert fresh(run).state == "waiting"
    assert db.session.get(Wait, (run.id, "ask", 1)).answered_at is None


def test_of_two_answers_the_first_counts(asked, client, work):
    run = asked()
    page = client.get(link()).get_data(as_text=True)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page).group(1)

    for decision in ("decline", "approve"):
        client.post(link(), data={"csrf_token": token, "_decision": decision})
    work()

    assert fresh(run).response["body"]["approved"] is False
    assert "Declined" in client.get(link(1)).get_data(as_text=True)


@pytest.mark.parametrize("wrong", ["", "x", "AAAA", "é", "A" * 3000])
def test_a_wrong_link_opens_nothing(asked, client, wrong):
    asked()
    address = f"{link()[:-3]}{wrong}"

    answered = client.get(address)

    assert answered.status_code == 404
    assert "May" not in answered.get_data(as_text=True)


def test_an_address_for_calls_is_no_link_for_people(asked, client):
    run = asked()
    from core.engine import answers
    from core.runtime import callbacks

    token = callbacks.token(answers.CALL, Place(run.id, "ask#0"))

    assert client.get(f"/approvals/{token}").status_code == 404


def test_when_the_time_is_up_the_step_fails_and_the_link_says_so(asked, client, work):
    run = asked(at_most="1h")

    with two_hours_later(run):
        before = client.get(link())
        duties.wake_due()
        work()

    assert before.status_code == 410
    assert (fresh(run).state, fresh(run).error["kind"]) == ("failed", "timeout")
    after = client.get(link())
    assert (after.status_code, "The time is over" in after.get_data(as_text=True)) == (410, True)


def test_a_cancelled_run_closes_the_link(asked, client):
    run = asked()
    runs.cancel(fresh(run))

    page = client.get(link())

    assert page.status_code == 410
    assert "Nobody asks this any more" in page.get_data(as_text=True)
    assert approvals.of_run(run.id) == []


def test_a_question_is_asked_in_each_turn(app, work, client):
    loop = step("each", "for_each", {"body": [ask()]}, list=["a", "b"], concurrency=2)
    run = start_run(loop, step("end", "return_data", body="{{ steps.each.results }}"))
    work()
    assert len(mails()) == 4
    assert [question.place.path for question in approvals.of_run(run.id)] == [
        "each/0/ask",
        "each/1/ask",
    ]

    for number in (0, 3):
        press(client, link(number), "approve")
        work()

    assert [one["by"] for one in fresh(run).response["body"]] == [
        "ana@example.org",
        "ben@example.org",
    ]


@pytest.fixture
def mailbox(app):
    """A mailbox that takes everything; what it sent."""
    from core.storage.workspace import Workspace

    def make(run):
        workspace = db.session.get_one(Workspace, run.workspace_id)
        values = connections.Values(
            "Mailbox", {"host": "127.0.0.1", "from_email": "flows@example.org"}, {}
        )
        connections.create(workspace.id, "box", "smtp", values=values, by="Olga")

    return make


def test_the_reminder_comes_later_and_only_if_nobody_answered(
    app, work, client, mailbox, monkeypatch
):
    sent = []
    monkeypatch.setattr(
        "core.runtime.mailing.deliver", lambda _, message, *__, **___: sent.append(message)
    )
    first = start_run(ask(remind_after="2d"), AFTER)
    second = start_run(ask(remind_after="2d"), AFTER)
    mailbox(first)
    work()
    assert mail_posting.send_queued() == 4
    assert not any("Reminder" in message.subject for message in sent)

    by_link = [
        question.place.run_id for run in (first, second) for question in approvals.of_run(run.id)
    ]
    assert by_link == [first.id, second.id]
    answer(first)
    pass_days(3)

    assert mail_posting.send_queued() == 2
    assert [message.subject for message in sent[4:]] == ["Reminder: May <b>Ben</b> buy it?"] * 2
    assert {mail.run_id for mail in mails() if mail.origin == "reminder"} == {second.id}


@pytest.mark.parametrize("has_gone_on", [False, True])
def test_a_run_that_is_taken_up_again_reminds_once_of_what_it_still_asks(
    app, work, mailbox, monkeypatch, has_gone_on
):
    sent = []
    monkeypatch.setattr(
        "core.runtime.mailing.deliver", lambda _, message, *__, **___: sent.append(message)
    )
    fails = step("fails", "stop", outcome="fail", message="x", only_when="{{ run.attempt == 1 }}")
    paths = {"a": [{**ask(), "id": "first"}, fails], "b": [ask(remind_after="2d")]}
    run = start_run(step("both", "parallel", branches=paths), AFTER)
    mailbox(run)
    work()
    first = approvals.find(Place(run.id, "first"))
    assert approvals.answer(first, approved=True, by="ana@example.org", comment="", fields={})
    work()
    resuming.retry(fresh(run), resuming.plan(run, is_skipped=True), by="Ana")
    if has_gone_on:
        work()
    mail_posting.send_queued()
    sent.clear()
    pass_days(3)

    assert mail_posting.send_queued() == len(sent) == 2
    assert [mail.state for mail in mails() if mail.origin == "reminder"] == ["sent"] * len(sent)


def test_a_cancelled_run_reminds_nobody(app, work, mailbox, monkeypatch):
    sent = []
    monkeypatch.setattr(
        "core.runtime.mailing.deliver", lambda _, message, *__, **___: sent.append(message)
    )
    run = start_run(ask(remind_after="2d"), AFTER)
    mailbox(run)
    work()
    mail_posting.send_queued()
    runs.cancel(fresh(run))
    pass_days(3)

    assert mail_posting.send_queued() == 0
    assert [mail for mail in mails() if mail.origin == "reminder"] == []


def answer(run):
    question = approvals.of_run(run.id)[0]
    assert approvals.answer(question, approved=True, by="ana@example.org", comment="", fields={})


def pass_days(days):
    past = clock.now() - timedelta(days=days)
    with transaction() as session:
        session.execute(db.update(Mail).where(Mail.state == "queued").values(next_try_at=past))


def test_no_mail_without_its_question_and_no_question_twice(app, work, asked):
    run = asked()
    row = db.session.get(StepRun, (run.id, "ask", 1))
    assert (row.state, row.key) == ("started", f"{run.id}:ask")

    from core.storage.run import Run

    with transaction() as session:
        session.execute(db.update(Run).where(Run.id == run.id).values(state="queued"))
    from core.runtime import advance

    advance.advance_run(run.id)

    assert fresh(run).state == "waiting"
    assert len(mails()) == 2


@pytest.mark.parametrize(("name", "written"), [("settle", 0), ("follow_up", 2)])
def test_a_killed_worker_asks_once(app, work, client, name, written):
    """Killed in the middle of the question's transaction, or right after it."""
    run = start_run(ask(), AFTER)
    advance_and_die(run, Orders, name)
    assert len(mails()) == written

    work()
    assert len(mails()) == 2
    press(client, link(), "approve")
    advance_and_die(run, advance.Advance, "run")
    work()

    assert fresh(run).response["body"]["approved"] is True
    assert len(mails()) == 2
