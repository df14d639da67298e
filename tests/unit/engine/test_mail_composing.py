from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest

from core.engine.mail_composing import compose, headers, plain_text
from core.engine.mail_messages import MailAddress, OutgoingMail, message_id

AT = datetime(2026, 11, 22, 8, tzinfo=UTC)
ANA = MailAddress("ana@example.org", "Ana Keller")


def a_mail(**parts):
    usual = {"to": (ANA,), "subject": "Hello", "text": "Hello", "sender": MailAddress("o@x.de")}
    return OutgoingMail(**usual | parts, message_id="<1@x.de>", at=AT)


def read(mail):
    return message_from_bytes(compose(mail), policy=policy.SMTP)


def test_the_same_mail_gives_the_same_bytes():
    mail = a_mail(html="<p>Hällo</p>", text="Hällo")

    assert compose(mail) == compose(mail)
    assert compose(mail).isascii()


def test_a_reader_finds_who_what_and_when():
    message = read(a_mail(cc=(MailAddress("c@x.de"),), reply_to=(MailAddress("r@x.de"),)))

    assert [a.addr_spec for a in message["To"].addresses] == ["ana@example.org"]
    assert (message["Cc"], message["Reply-To"]) == ("c@x.de", "r@x.de")
    assert (message["Subject"], message["Message-ID"]) == ("Hello", "<1@x.de>")
    assert message["Date"].datetime == AT
    assert message["Auto-Submitted"] == "auto-generated"


def test_hidden_copies_stay_hidden():
    assert b"hidden@x.de" not in compose(a_mail(bcc=(MailAddress("hidden@x.de"),)))


@pytest.mark.parametrize(
    "subject",
    ["Grüße aus München 😀", "a  b", "x" * 900, "ü" * 400, 'a: b, <c> "d"', "=?utf-8?q?a?="],
)
def test_any_subject_arrives_as_it_was_meant(subject):
    wire = compose(a_mail(subject=subject))

    assert message_from_bytes(wire, policy=policy.SMTP)["Subject"] == subject
    assert max(len(line) for line in wire.split(b"\r\n")) <= 78


@pytest.mark.parametrize(
    "subject",
    ["=?utf-8?q?=0d=0aBcc:_evil@x.de?=", "Hi =?utf-8?b?DQpCY2M6IGFAYi5kZQ==?=", "x\ud800y"],
)
def test_an_encoded_word_hides_no_header(subject):
    message = read(a_mail(subject=subject))

    assert "Bcc" not in message
    assert len(message.keys()) == 10 - 1


@pytest.mark.parametrize("name", ["Keller, Ana", 'A "B" C', "Jörg Müller", "a@b.de", "x" * 50])
def test_names_never_become_addresses(name):
    message = read(a_mail(to=(MailAddress("ana@example.org", name), MailAddress("b@x.de"))))

    found = message["To"].addresses
    assert [a.addr_spec for a in found] == ["ana@example.org", "b@x.de"]
    assert found[0].display_name == name


def test_a_hundred_people_with_unusual_names_arrive():
    people = tuple(MailAddress(f"p{n}@example.org", f"Jörg, der „{n}.“") for n in range(100))

    message = read(a_mail(to=people))

    assert [a.addr_spec for a in message["To"].addresses] == [p.email for p in people]


def test_html_has_its_text_beside_it():
    message = read(a_mail(text="", html="<h1>Hello</h1><p>Your <b>order</b> is on its way.</p>"))

    assert message.get_body(("html",)).get_content().startswith("<h1>Hello</h1>")
    text = message.get_body(("plain",)).get_content()
    assert text.splitlines() == ["Hello", "", "Your order is on its way."]


def test_headers_can_be_read_by_people():
    shown = dict(headers(a_mail(subject="Grüße", to=(MailAddress("a@x.de", "Jörg"),))))

    assert (shown["Subject"], shown["To"]) == ("Grüße", "Jörg <a@x.de>")


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One</p><p>Two</p>", "One\n\nTwo\n"),
        ("a<br>b<script>x</script><style>y</style>", "a\nb\n"),
        ('<a href="https://x.de/1">Look</a>', "Look (https://x.de/1)\n"),
        ('<a href="javascript:x">Look</a>', "Look\n"),
        ('<a href="https://x.de">https://x.de</a>', "https://x.de\n"),
        ("<ul><li>One</li><li>Two</li></ul>", "One\nTwo\n"),
        ("Tom &amp; Ana", "Tom & Ana\n"),
    ],
)
def test_the_text_of_html_is_what_a_person_reads(html, text):
    assert plain_text(html) == text


def test_one_key_has_one_message_id():
    assert message_id("run:step", "x.de") == message_id("run:step", "x.de")
    assert message_id("run:step", "x.de") != message_id("run:step:r2", "x.de")
    assert message_id("run:step", "x.de").endswith("@x.de>")
