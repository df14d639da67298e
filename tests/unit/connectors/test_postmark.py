"""What Postmark tells of mails, in the words of its webhooks, and in its answers."""

import base64

import pytest

from core.connectors import connectors
from core.engine.http_messages import OutgoingAnswer
from core.engine.mail_events import EventCall
from core.engine.mail_messages import OutgoingMail, read_addresses

POSTMARK = connectors()["postmark"]
SECRETS = {"events_password": "pässword"}
AT = "2026-05-03T09:12:13Z"


def read(**event):
    return POSTMARK.read_events({"Metadata": {"openbuild": "a@shop.test"}} | event)


@pytest.mark.parametrize(
    "event, kind, marks",
    [
        (
            {"RecordType": "Delivery", "Recipient": "a@b.test", "DeliveredAt": AT},
            "delivered",
            False,
        ),
        ({"RecordType": "Bounce", "Type": "HardBounce", "Inactive": False}, "bounced", True),
        ({"RecordType": "Bounce", "Type": "BadEmailAddress"}, "bounced", True),
        ({"RecordType": "Bounce", "Type": "SpamNotification", "Inactive": True}, "bounced", True),
        ({"RecordType": "Bounce", "Type": "SoftBounce", "Inactive": False}, "delayed", False),
        ({"RecordType": "SpamComplaint"}, "complained", True),
        (
            {"RecordType": "SubscriptionChange", "SuppressSending": True, "ChangedAt": AT}
            | {"SuppressionReason": "ManualSuppression"},
            "dropped",
            True,
        ),
    ],
)
def test_an_event_says_what_happened_and_whether_the_address_is_over(event, kind, marks):
    (told,) = read(**{"Email": "A@b.test", "BouncedAt": AT} | event)

    assert (told.kind, told.marks) == (kind, marks)
    assert (told.email, told.message_id) == ("a@b.test", "<a@shop.test>")
    assert told.at.isoformat() == "2026-05-03T09:12:13+00:00"


def test_the_same_event_has_the_same_name_and_another_one_another():
    bounce = {"RecordType": "Bounce", "Type": "HardBounce", "Email": "a@b.test", "BouncedAt": AT}

    (first,), (again,) = read(**bounce, ID=1), read(**bounce, ID=1)
    (other,) = read(**bounce, ID=2)

    assert first.key == again.key != other.key


@pytest.mark.parametrize(
    "event",
    [
        {"RecordType": "Open", "Recipient": "a@b.test", "ReceivedAt": AT},
        {"RecordType": "SubscriptionChange", "SuppressSending": False, "ChangedAt": AT},
        {"RecordType": "Bounce", "Type": "HardBounce", "BouncedAt": "yesterday"},
        {"RecordType": "Bounce", "Type": "HardBounce", "BouncedAt": AT, "Metadata": "x"},
        {"RecordType": {"a": 1}},
    ],
)
def test_what_is_of_no_interest_or_makes_no_sense_is_left_out(event):
    assert read(**{"Email": "a@b.test"} | event) == []


def test_a_body_of_another_shape_is_no_call_of_it():
    assert POSTMARK.read_events([]) is None


@pytest.mark.parametrize(
    "header, is_right",
    [
        ("Basic " + base64.b64encode("openbuild:pässword".encode()).decode(), True),
        ("Basic " + base64.b64encode(b"openbuild:guess").decode(), False),
        ("Basic " + base64.b64encode(b"openbuild").decode(), False),
        ("Basic ÿ", False),
        ("Bearer " + base64.b64encode("openbuild:pässword".encode()).decode(), False),
        ("", False),
    ],
)
def test_only_who_knows_the_password_is_believed(header, is_right):
    call = EventCall({"authorization": header} if header else {}, b"")

    assert POSTMARK.proves(call, {}, SECRETS, None) is is_right
    assert POSTMARK.proves(call, {}, {}, None) is False


@pytest.mark.parametrize(
    "code, message, named",
    [
        (406, "Found inactive addresses: Bo@b.test. Inactive recipients are …", ("bo@b.test",)),
        (
            0,
            "Message OK, but will not deliver to these inactive addresses: a@b.test",
            ("a@b.test",),
        ),
        (0, "OK", ()),
        (300, "Invalid: a@b.test", ()),
    ],
)
def test_its_answer_names_to_whom_it_sends_nothing(code, message, named):
    mail = OutgoingMail(read_addresses("a@b.test, bo@b.test", "To"), "Hello", "Hello")
    answer = OutgoingAnswer(422, {}, {"ErrorCode": code, "Message": message}, "")

    assert POSTMARK.turned_away(answer, mail) == named
