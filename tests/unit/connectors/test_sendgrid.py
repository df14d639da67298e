"""What SendGrid tells of mails, in the words of its event webhook."""

import pytest

from core.connectors import connectors
from core.engine.mail_events import EventCall

SENDGRID = connectors()["sendgrid"]
USUAL = {
    "email": "Ana@Example.org",
    "timestamp": 1_800_000_000,
    "sg_event_id": "e1",
    "openbuild_message": "<a@shop.test>",
}


def read(**event):
    return SENDGRID.read_events([USUAL | event])


@pytest.mark.parametrize(
    "event, kind, marks",
    [
        ({"event": "delivered", "response": "250 OK"}, "delivered", False),
        ({"event": "deferred", "response": "421 later"}, "delayed", False),
        ({"event": "bounce", "type": "bounce", "reason": "550 no such user"}, "bounced", True),
        ({"event": "bounce", "type": "blocked", "reason": "550 spam"}, "delayed", False),
        ({"event": "dropped", "reason": "Bounced Address"}, "dropped", True),
        ({"event": "dropped", "reason": "Spam Content (if enabled)"}, "dropped", False),
        ({"event": "spamreport"}, "complained", True),
    ],
)
def test_an_event_says_what_happened_and_whether_the_address_is_over(event, kind, marks):
    (told,) = read(**event)

    assert (told.kind, told.marks) == (kind, marks)
    assert (told.key, told.email, told.message_id) == ("e1", "ana@example.org", "<a@shop.test>")
    assert told.reason == event.get("reason", event.get("response", ""))


@pytest.mark.parametrize(
    "event",
    [
        {"event": "open"},
        {"event": "processed"},
        {"event": "surprise"},
        {"event": ["bounce"]},
        {"event": "bounce", "email": ""},
        {"event": "bounce", "sg_event_id": 7},
        {"event": "bounce", "timestamp": 1e300},
        {"event": "bounce", "timestamp": True},
        {"event": "bounce", "openbuild_message": None},
    ],
)
def test_what_is_of_no_interest_or_makes_no_sense_is_left_out(event):
    assert read(**event) == []


def test_a_body_of_another_shape_is_no_call_of_it():
    assert SENDGRID.read_events({"event": "bounce"}) is None
    assert SENDGRID.read_events([1, None, "x"]) == []


def test_signed_is_the_time_and_the_raw_body():
    seen = []
    headers = {
        "x-twilio-email-event-webhook-signature": "sig",
        "x-twilio-email-event-webhook-timestamp": "1600112502",
    }
    call = EventCall(headers, b"[ ]\r\n")

    SENDGRID.proves(call, {"events_key": "key"}, {}, lambda *given: seen.append(given))

    assert seen == [("key", "sig", b"1600112502[ ]\r\n")]


@pytest.mark.parametrize("key", ["MFkw", "-----BEGIN PUBLIC KEY-----", "A" * 124])
def test_a_key_that_is_not_its_own_is_refused(key):
    fields = SENDGRID.defaults | {"from_email": "a@b.test", "events_key": key}

    assert "begins with" in SENDGRID.problems(fields)["events_key"]
