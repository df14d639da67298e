"""What mail services tell: believed only with proof, taken once, and heeded when mails are sent."""

import base64
import json
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from core import clock
from core.engine.mail_messages import OutgoingMail, read_addresses
from core.runtime import connections, mail_events, mail_posting, marked_addresses, outbox
from core.runtime.connections import Values
from core.runtime.marked_addresses import Mark
from core.runtime.outbox import Origin
from core.storage.db import db, transaction, write_connection
from core.storage.mail import SENT
from core.storage.mail_event import MailEvent, MarkedAddress
from tests.conftest import DATABASES
from tests.factories import fresh, start_run, workspace
from tests.integration.mail.conftest import connect, mails
from tests.integration.outward.listener import Listener, ok
from tests.people import HTMX
from tests.unit.engine.machines import step
from tests.waiting import wait_until

SIGNED = "X-Twilio-Email-Event-Webhook"
PASSWORD = "a made-up password"


@pytest.fixture(scope="module")
def key():
    return ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
def sendgrid(app, key):
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    events_key = base64.b64encode(public).decode()
    return service("sendgrid", {"events_key": events_key}, {"key": "SG.secret"})


@pytest.fixture
def postmark(app):
    return service("postmark", {}, {"token": "pm", "events_password": PASSWORD})


def service(kind, fields, secrets):
    values = Values(kind, {"from_email": "orders@example.org"} | fields, secrets)
    return connections.create(workspace().id, kind, kind, values=values, by="Olga")


def sent_mail(to="Ana <Ana@example.org>", key="run:a"):
    """A mail that a service took."""
    mail = OutgoingMail(read_addresses(to, "To"), "Hello", "Hello Ana")
    row = outbox.write(Origin(workspace().id, key), mail, "", SENT)
    db.session.rollback()
    return row


def bounce(mail, **more):
    usual = {"event": "bounce", "type": "bounce", "reason": "550 no such user"}
    usual |= {"email": "ana@example.org", "timestamp": 1_800_000_000, "sg_event_id": "e1"}
    return usual | {"openbuild_message": mail.message_id} | more


def tell_sendgrid(client, connection, key, events, *, at="1800000001", **more):
    body = json.dumps(events).encode()
    signature = key.sign(at.encode() + body, ec.ECDSA(SHA256()))
    headers = {f"{SIGNED}-Signature": base64.b64encode(signature).decode()}
    headers |= {f"{SIGNED}-Timestamp": at, "Content-Type": "application/json"} | more
    return client.post(path(connection), data=body, headers=headers)


def tell_postmark(client, connection, event, password=PASSWORD):
    return client.post(path(connection), json=event, auth=("openbuild", password))


def path(connection):
    return f"/mail-events/{mail_events.token(connection)}"


def marked():
    db.session.rollback()
    db.session.expire_all()
    return MarkedAddress.of_workspace(workspace().id)


@pytest.mark.parametrize("database", DATABASES, indirect=True)
def test_a_bounce_marks_the_address_and_is_taken_once(client, sendgrid, key):
    mail = sent_mail()

    first = tell_sendgrid(client, sendgrid, key, [bounce(mail), bounce(mail)])
    again = tell_sendgrid(client, sendgrid, key, [bounce(mail)], at="1800009999")

    assert (first.status_code, first.json["taken"]) == (200, 1)
    assert (again.status_code, again.json["taken"]) == (200, 0)
    (row,) = marked()
    assert (row.email, row.kind, row.reason) == ("ana@example.org", "bounced", "550 no such user")
    assert (row.mail_id, row.connection) == (mail.id, "sendgrid")
    assert mails()[0].outcome == "bounced"


def test_an_unmarked_address_is_not_marked_by_an_event_of_before(client, sendgrid, key, olga):
    mail = sent_mail()
    tell_sendgrid(client, sendgrid, key, [bounce(mail)])
    (row,) = marked()

    answer = olga.post(f"/marked-addresses/{row.id}/removal", headers=HTMX)
    tell_sendgrid(client, sendgrid, key, [bounce(mail)])

    assert "ana@example.org may get mails again" in answer.text
    assert marked() == []
    tell_sendgrid(client, sendgrid, key, [bounce(mail, sg_event_id="e2")])
    assert len(marked()) == 1


def test_a_soft_bounce_is_noted_on_the_mail_alone(client, sendgrid, key):
    mail = sent_mail()
    late = bounce(mail, event="deferred", response="421 later", reason=None)

    tell_sendgrid(client, sendgrid, key, [late])
    assert (mails()[0].outcome, marked()) == ("delayed", [])

    tell_sendgrid(client, sendgrid, key, [bounce(mail, event="delivered", sg_event_id="e2")])
    assert (mails()[0].outcome, marked()) == ("delivered", [])


def test_of_several_recipients_the_worst_is_said(client, sendgrid, key, olga):
    mail = sent_mail("ana@example.org, bo@example.org")
    arrived = bounce(mail, event="delivered", email="bo@example.org", sg_event_id="e2")

    tell_sendgrid(client, sendgrid, key, [bounce(mail), arrived])

    page = olga.get(f"/outbox/{mail.id}").text
    assert mails()[0].outcome == "bounced"
    assert "ana@example.org bounced" in page and "550 no such user" in page
    assert "bo@example.org delivered" in page
    assert "mailrow__state--bad" in page


@pytest.mark.parametrize(
    "change",
    [
        {"openbuild_message": "<somebody-else@elsewhere.test>"},
        {"email": "mallory@example.org"},
        {"event": "surprise"},
    ],
)
def test_events_about_other_mails_people_or_things_change_nothing(client, sendgrid, key, change):
    mail = sent_mail()

    answer = tell_sendgrid(client, sendgrid, key, [bounce(mail, **change)])

    assert (answer.status_code, answer.json["taken"]) == (200, 0)
    assert (marked(), mails()[0].outcome) == ([], "")


@pytest.mark.parametrize("wrong", ["the key", "the body", "the time", "no signature", "no base64"])
def test_without_a_right_signature_nothing_is_believed(client, sendgrid, key, wrong):
    mail = sent_mail()
    other = ec.generate_private_key(ec.SECP256R1()) if wrong == "the key" else key
    more = {"the time": {f"{SIGNED}-Timestamp": "1"}, "no signature": {f"{SIGNED}-Signature": ""}}
    more["no base64"] = {f"{SIGNED}-Signature": "ÿ@@"}
    if wrong == "the body":
        headers = {f"{SIGNED}-Timestamp": "1", f"{SIGNED}-Signature": "MEUCIQ=="}
        answer = client.post(path(sendgrid), json=[bounce(mail)], headers=headers)
    else:
        answer = tell_sendgrid(client, sendgrid, other, [bounce(mail)], **more.get(wrong, {}))

    assert answer.status_code == 401
    assert marked() == []


def test_postmark_is_believed_with_its_password(client, postmark):
    mail = sent_mail()
    event = {"RecordType": "SpamComplaint", "Email": "ana@example.org", "ID": 42}
    event |= {"BouncedAt": "2026-05-03T09:12:13.5000000-05:00", "Description": "Called spam"}
    event |= {"Metadata": {"openbuild": mail.message_id.strip("<>")}}

    assert tell_postmark(client, postmark, event, "a guess").status_code == 401
    assert marked() == []
    assert tell_postmark(client, postmark, event).json["taken"] == 1
    assert tell_postmark(client, postmark, event).json["taken"] == 0
    assert marked()[0].kind == "complained"


@pytest.mark.parametrize("kind", ["sendgrid", "postmark"])
def test_the_address_is_closed_until_there_is_something_to_prove_calls_with(client, app, kind):
    secret = {"sendgrid": "key", "postmark": "token"}[kind]
    connection = service(kind, {}, {secret: "x"})

    assert client.post(path(connection), json=[]).status_code == 404
    assert client.post("/mail-events/1-guessed", json=[]).status_code == 404
    assert client.post("/mail-events/x", json=[]).status_code == 404


def test_what_can_t_be_read_is_refused_in_words(client, postmark, monkeypatch):
    def post(body, **more):
        return client.post(path(postmark), data=body, auth=("openbuild", PASSWORD), **more)

    assert client.get(path(postmark)).status_code == 405
    assert post(b'{"a": 1, "a": 2}').status_code == 400
    assert post(b"[]").json["statusCode"] == 400
    monkeypatch.setattr(mail_events, "LARGEST_BODY", 10)
    assert post(b'{"RecordType": "Bounce"}').status_code == 413


def test_who_guesses_too_often_is_turned_away(client, app):
    said = [client.post("/mail-events/1-guess", json=[]).status_code for _ in range(31)]

    assert said[:30] == [404] * 30
    assert said[30] == 429


def mark(email, reason="550 no such user"):
    about = Mark(email, "bounced", reason, "sendgrid", clock.now())
    workspace_id = workspace().id
    db.session.rollback()
    with write_connection() as database:
        marked_addresses.mark(database, workspace_id, about)


def test_a_mail_to_a_marked_address_fails_before_it_is_sent(mailbox, work):
    mark("ana@example.org")
    inputs = {"to": "Ana@example.org", "subject": "Hi", "text": "Hello", "connection": "office"}

    run = start_run(step("mail", "send_email", **inputs))
    finish(run, work)

    said = run.error["message"]
    assert "ana@example.org takes no mails since" in said and "550 no such user" in said
    assert "Marked addresses" in said
    assert mailbox.mails == []
    assert (mails()[0].state, mails()[0].error) == ("failed", said)


def test_of_several_recipients_none_is_sent_what_one_can_t_get(mailbox, work):
    mark("ana@example.org")
    inputs = {"to": "bo@example.org, ana@example.org", "subject": "Hi", "text": "Hello"}

    run = finish(start_run(step("mail", "send_email", **inputs, connection="office")), work)

    assert "1 of 2 recipients take no mails" in run.error["message"]
    assert "ana@example.org" in run.error["message"]
    assert mailbox.mails == []


def test_whom_postmark_calls_inactive_is_marked_and_not_tried_again(app, work):
    said = b'{"ErrorCode": 406, "Message": "Found inactive addresses: ana@example.org."}'
    listener = Listener(ok(said, status="422 No"))
    fields = {"base_url": listener.url}
    service("postmark", fields, {"token": "pm"})
    inputs = {"to": "ana@example.org", "subject": "Hi", "text": "Hello", "connection": "postmark"}

    first = finish(start_run(step("mail", "send_email", **inputs)), work)
    second = finish(start_run(step("mail", "send_email", **inputs)), work)
    listener.close()

    assert "inactive" in first.error["message"]
    assert "takes no mails since" in second.error["message"]
    assert len(listener.requests) == 1
    assert [(row.email, row.kind) for row in marked()] == [("ana@example.org", "dropped")]


def finish(run, work):
    def ended():
        work()
        return fresh(run).is_final

    wait_until(ended, 10)
    return run


def test_events_are_forgotten_with_their_mail(client, sendgrid, key):
    mail = sent_mail()
    tell_sendgrid(client, sendgrid, key, [bounce(mail)])
    with transaction():
        mails()[0].created_at = clock.now() - timedelta(days=400)

    outbox.forget_old()

    assert mails() == []
    assert db.session.scalars(db.select(MailEvent)).all() == []
    assert [row.mail_id for row in marked()] == [None]


@pytest.fixture
def olga(people, client_of):
    return client_of(people.olga)


def test_the_connection_shows_where_its_service_may_tell(olga, sendgrid, people, client_of):
    page = olga.get(f"/connections/{sendgrid.id}").text

    assert mail_events.address(sendgrid) in page
    assert "The service may tell it here." in page
    assert (
        mail_events.token(sendgrid)
        not in client_of(people.vera).get(f"/connections/{sendgrid.id}").text
    )


def test_the_marked_addresses_are_listed_searched_and_empty(olga, app):
    assert "No address is marked" in olga.get("/marked-addresses").text
    for number in range(3):
        mark(f"ana{number}@example.org", "<b>550</b>")

    assert "ana1@example.org" in olga.get("/marked-addresses").text
    found = olga.get("/marked-addresses?text=ana2").text
    assert "ana2@example.org" in found and "ana1@example.org" not in found
    assert "&lt;b&gt;550" in found
    assert "No marked address" in olga.get("/marked-addresses?text=nobody").text


def test_openbuilds_own_mails_heed_the_mark_too(mailbox):
    mark("olga@example.org")
    mail = OutgoingMail(read_addresses("olga@example.org", "To"), "A run failed", "It did")
    mail_posting.post(Origin(workspace().id, "failures:1", kind="failures"), mail)

    assert mail_posting.send_queued() == 0
    assert mailbox.mails == []
    assert "takes no mails" in mails()[0].error


def test_two_mailboxes_have_two_addresses(sendgrid, postmark):
    connect(2525)

    assert mail_events.address(sendgrid) != mail_events.address(postmark)
    assert mail_events.opened(mail_events.token(sendgrid)).name == "sendgrid"
