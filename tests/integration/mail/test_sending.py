"""Real runs send real mails: kept, sent once, tried again or refused, always by the same name."""

import os
import signal
from queue import Queue

import pytest

from core.runtime import advance, connections, mailing, rescue
from core.runtime.connections import Values
from tests.conftest import DATABASES
from tests.factories import everything_stored, fresh, start_run, workspace
from tests.integration.mail.conftest import PASSWORD, connect, mails
from tests.integration.outward.listener import Listener, ok
from tests.integration.running.dying import end_lease
from tests.processes import Process
from tests.unit.engine.machines import step
from tests.waiting import wait_until

INPUTS = {"to": "Ana <ana@example.org>", "subject": "Grüße", "text": "Hello Ana"}
ANSWER = step("answer", "return_data", body="{{ steps.mail }}")
QUICK = {"attempts": 3, "wait": "10ms"}


def mail_step(*, retry=None, **inputs):
    options = {"retry": retry} if retry else {}
    return step("mail", "send_email", **INPUTS | inputs) | options


def finish(run, work):
    def ended():
        work()
        return fresh(run).is_final

    wait_until(ended, 10)
    return run


@pytest.mark.parametrize("database", DATABASES, indirect=True)
def test_without_a_connection_a_mail_is_kept(app, work):
    run = finish(start_run(mail_step(), ANSWER), work)

    (mail,) = mails()
    assert run.response["body"] == {"message_id": mail.message_id}
    assert (mail.state, mail.run_id, mail.step) == ("kept", run.id, "Send a mail")
    assert (mail.to_line, mail.subject) == ("Ana <ana@example.org>", "Grüße")
    assert (mail.text, mail.html, mail.preview) == ("Hello Ana", "", "Hello Ana")


def test_through_a_mailbox_it_is_sent(mailbox, work):
    run = finish(start_run(mail_step(connection="office"), ANSWER), work)

    (message,) = mailbox.messages
    assert message["From"] == "Lindgren Supply <orders@example.org>"
    assert (message["To"], message["Subject"]) == ("Ana <ana@example.org>", "Grüße")
    assert message["Message-ID"] == run.response["body"]["message_id"]
    (mail,) = mails()
    assert (mail.state, mail.connection, mail.attempts) == ("sent", "office", 1)


def test_every_attempt_goes_by_the_same_name(open_mailbox, work):
    mailbox = open_mailbox(answers={"END": ["451 later", "421 later", "250 taken"]})
    connect(mailbox.port)

    run = finish(start_run(mail_step(connection="office", retry=QUICK), ANSWER), work)

    assert run.state == "succeeded"
    assert len({message["Message-ID"] for message in mailbox.messages}) == 1
    assert len({raw for _, _, raw in mailbox.mails}) == 1
    assert len(mailbox.mails) == 3
    (mail,) = mails()
    assert (mail.state, mail.attempts) == ("sent", 3)


def test_what_can_t_be_sent_fails_the_run_in_one_sentence(open_mailbox, work):
    mailbox = open_mailbox()
    connect(mailbox.port)
    mailbox.close()

    run = finish(start_run(mail_step(connection="office", retry={"attempts": 1})), work)

    said = f"No connection to 127.0.0.1:{mailbox.port}: connection refused"
    assert (run.state, run.error["kind"], run.error["message"]) == ("failed", "connection", said)
    (mail,) = mails()
    assert (mail.state, mail.error) == ("failed", said)


def test_a_connection_that_is_missing_or_sends_no_mails_is_named(app, work):
    values = Values("Shop", {"base_url": "https://shop.test"}, {"key": "k"})
    connections.create(workspace().id, "shop", "http_api", values=values, by="Olga")

    for name, said in (("none", "There is no connection “none”"), ("shop", "sends no mails")):
        run = finish(start_run(mail_step(connection=name)), work)
        assert said in run.error["message"]


@pytest.mark.parametrize("database", DATABASES, indirect=True)
def test_killed_between_data_and_answer_it_goes_out_again_by_the_same_name(app, open_mailbox, work):
    """Really dies: the process is killed when the server has the mail and has not yet said so."""
    senders, killed = Queue(), []

    def kill_sender(talk):
        if not killed:
            killed.append(senders.get(timeout=10))
            os.kill(killed[0], signal.SIGKILL)
        return "250 taken"

    mailbox = open_mailbox(answers={"END": kill_sender})
    connect(mailbox.port)
    run = start_run(mail_step(connection="office"), ANSWER)

    with Process(advance.advance_run, run.id) as sender:
        senders.put(sender.pid)
        assert sender.outcome() == -signal.SIGKILL
    end_lease(run)
    rescue.rescue_dead()
    finish(run, work)

    first, second = mailbox.messages
    assert first["Message-ID"] == second["Message-ID"] == run.response["body"]["message_id"]
    assert mailbox.mails[0] == mailbox.mails[1]
    (mail,) = mails()
    assert mail.state == "sent"


def test_what_was_sent_or_kept_once_is_not_again(mailbox):
    from core.engine.mail_messages import OutgoingMail, read_addresses
    from core.runtime.outbox import Origin, Outbox

    mail = OutgoingMail(read_addresses("ana@example.org", "To"), "Hello", "Hello")
    for key, connection in (("run:a", "office"), ("run:b", None)):
        box = Outbox(Origin(workspace().id, key))
        assert box.send(mail, connection=connection) == box.send(mail, connection=connection)

    assert len(mailbox.mails) == 1
    assert [mail.state for mail in mails()] == ["kept", "sent"]


def test_the_password_is_nowhere_in_the_database(open_mailbox, work, tmp_path):
    values = Values(
        "Office",
        {"host": "127.0.0.1", "security": "tls", "from_email": "a@x.de", "username": "ana"}
        | {"port": str(open_mailbox().port)},
        {"password": PASSWORD},
    )
    connections.create(workspace().id, "office", "smtp", values=values, by="Olga")

    finish(start_run(mail_step(connection="office", retry={"attempts": 1})), work)

    assert PASSWORD not in everything_stored()


@pytest.fixture
def service():
    """A web service that takes mails, or says why not."""
    opened = []

    def service(*answers):
        opened.append(Listener(*answers))
        return opened[-1]

    yield service
    for listener in opened:
        listener.close()


def connect_service(kind, url, secret):
    values = Values(
        kind, {"base_url": url, "from_email": "orders@example.org", "from_name": "Shop"}, secret
    )
    connections.create(workspace().id, "service", kind, values=values, by="Olga")


def sent_json(listener):
    import json

    head, _, body = listener.requests[-1].partition(b"\r\n\r\n")
    return head.decode(), json.loads(body)


def test_sendgrid_takes_it_by_one_request(app, service, work):
    listener = service(ok(b"", status="202 Accepted"))
    connect_service("sendgrid", listener.url, {"key": "SG.secret"})

    more = {"cc": "ana@example.org, c@x.de", "html": "<p>Hello</p>", "reply_to": "r@x.de"}
    run = finish(start_run(mail_step(connection="service", **more), ANSWER), work)

    head, body = sent_json(listener)
    assert "POST /v3/mail/send" in head
    assert "authorization: Bearer SG.secret" in head
    assert body["personalizations"] == [
        {"to": [{"email": "ana@example.org", "name": "Ana"}], "cc": [{"email": "c@x.de"}]}
    ]
    assert body["from"] == {"email": "orders@example.org", "name": "Shop"}
    assert body["headers"]["Message-ID"] == run.response["body"]["message_id"]
    assert [part["type"] for part in body["content"]] == ["text/plain", "text/html"]
    assert body["reply_to_list"] == [{"email": "r@x.de"}]


def test_postmark_takes_it_and_keeps_its_name(app, service, work):
    listener = service(ok(b'{"ErrorCode": 0, "MessageID": "x"}'))
    connect_service("postmark", listener.url, {"token": "pm-secret"})

    run = finish(start_run(mail_step(connection="service"), ANSWER), work)

    head, body = sent_json(listener)
    assert "POST /email" in head
    assert "x-postmark-server-token: pm-secret" in head
    assert (body["From"], body["To"]) == ("Shop <orders@example.org>", "Ana <ana@example.org>")
    given = {row["Name"]: row["Value"] for row in body["Headers"]}
    assert given["Message-ID"] == run.response["body"]["message_id"]
    assert given["X-PM-KeepID"] == "true"
    assert body["MessageStream"] == "outbound"


@pytest.mark.parametrize(
    ("kind", "secret", "answer", "said", "is_retryable"),
    [
        ("sendgrid", "key", ok(b'{"errors": [{"message": "bad from"}]}', status="403 No"),
         "SendGrid refused the mail (403): bad from", False),
        ("sendgrid", "key", ok(b"", status="503 No"), "SendGrid refused the mail (503)", True),
        ("postmark", "token", ok(b'{"ErrorCode": 406, "Message": "inactive"}', status="422 No"),
         "Postmark refused the mail (422): inactive", False),
        ("postmark", "token", ok(b'{"ErrorCode": 300, "Message": "odd"}'),
         "Postmark refused the mail (200): odd", False),
        ("postmark", "token", ok(b"", status="429 Slow"), "Postmark refused the mail (429)", True),
    ],
)  # fmt: skip
def test_what_a_service_says_is_told(app, service, work, kind, secret, answer, said, is_retryable):
    connect_service(kind, service(answer).url, {secret: "geheim"})

    run = finish(start_run(mail_step(connection="service", retry={"attempts": 1})), work)

    assert (run.error["message"], run.error["retryable"]) == (said, is_retryable)


def test_names_of_mails_stand_in_the_product_s_own_domain(app):
    from dataclasses import replace

    from core import config

    for url, domain in (
        ("https://flows.example.org", "flows.example.org"),
        ("http://127.0.0.1:8000", mailing.NO_DOMAIN),
        ("http://[::1]:8000", mailing.NO_DOMAIN),
        ("http://localhost:8000", mailing.NO_DOMAIN),
    ):
        config.use(replace(config.current(), base_url=url))
        assert mailing.message_id("run:mail").endswith(f"@{domain}>")
