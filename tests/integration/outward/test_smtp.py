"""Speaking SMTP with a real server: encrypted, guarded, and told in one sentence when it fails."""

import socket
import ssl
import threading
from dataclasses import replace

import pytest

from core.engine.mail_connector import MailServer
from core.engine.mail_messages import MailAddress, MailFailed, OutgoingMail
from core.runtime.gateways import mail as gateway
from core.runtime.gateways.addresses import AllowedHosts
from tests.integration.outward.test_tls import certificate  # noqa: F401
from tests.mailboxes import Mailbox

ALLOWED = AllowedHosts.parse("127.0.0.0/8,shop.test,other.test")
MAIL = OutgoingMail(
    (MailAddress("ana@example.org", "Ana"),),
    "Hello",
    "Hello\n.\nAna",
    bcc=(MailAddress("hidden@example.org"),),
    sender=MailAddress("orders@example.org"),
    message_id="<1@x.de>",
)
CONTENT = b"Subject: Hello\r\n\r\nHello\r\n.\r\nAna\r\n"


@pytest.fixture
def open_mailbox(names):
    names.set("shop.test", ["127.0.0.1"])
    names.set("other.test", ["127.0.0.1"])
    opened = []

    def open_mailbox(**options):
        opened.append(Mailbox(**options))
        return opened[-1]

    yield open_mailbox
    for mailbox in opened:
        mailbox.close()


def server(mailbox, host="127.0.0.1", security="none", **login):
    return MailServer(host, mailbox.port, security, **login)


def send(to, *, ca_file="", seconds=5, allowed=ALLOWED, mail=MAIL):
    gateway.send(to, mail, CONTENT, allowed=allowed, ca_file=ca_file, seconds=seconds)


def failure_of(to, **options):
    with pytest.raises(MailFailed) as failure:
        send(to, **options)
    return failure.value


def test_the_server_gets_the_mail_for_all_who_get_it(open_mailbox):
    mailbox = open_mailbox()

    send(server(mailbox))

    assert mailbox.mails == [
        ("orders@example.org", ["ana@example.org", "hidden@example.org"], CONTENT)
    ]
    assert mailbox.commands[-1].upper() == "QUIT"


def test_a_login_is_made_after_encrypting(open_mailbox, certificate):  # noqa: F811
    mailbox = open_mailbox(certificate=certificate, login=("ana", "geheim"))

    send(
        server(mailbox, "shop.test", "starttls", username="ana", password="geheim"),
        ca_file=certificate,
    )

    commands = [command.split()[0].upper() for command in mailbox.commands]
    assert commands[:4] == ["EHLO", "STARTTLS", "EHLO", "AUTH"]
    assert len(mailbox.mails) == 1


def test_a_server_may_be_encrypted_from_the_start(open_mailbox, certificate):  # noqa: F811
    mailbox = open_mailbox(certificate=certificate, is_tls=True)

    send(server(mailbox, "shop.test", "tls"), ca_file=certificate)

    assert len(mailbox.mails) == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_of_another_name_is_refused(open_mailbox, certificate, security):  # noqa: F811
    mailbox = open_mailbox(certificate=certificate, is_tls=security == "tls")

    failure = failure_of(server(mailbox, "other.test", security), ca_file=certificate)

    assert "The certificate of other.test is not trusted" in failure.message
    assert mailbox.mails == []


def test_nothing_is_sent_in_the_open_when_encryption_is_asked_for(open_mailbox):
    mailbox = open_mailbox(login=("ana", "geheim"))

    failure = failure_of(server(mailbox, security="starttls", username="ana", password="geheim"))

    assert "offers no encryption" in failure.message
    assert not [command for command in mailbox.commands if "AUTH" in command]


def test_what_stands_before_the_encryption_counts_for_nothing(open_mailbox, certificate):  # noqa: F811
    mailbox = open_mailbox(
        certificate=certificate, answers={"STARTTLS": "220 go on\r\n250 injected"}
    )

    send(server(mailbox, "shop.test", "starttls"), ca_file=certificate)

    assert len(mailbox.mails) == 1


def test_a_wrong_login_is_one_sentence_without_the_password(open_mailbox, certificate):  # noqa: F811
    mailbox = open_mailbox(certificate=certificate, is_tls=True, login=("ana", "geheim"))
    to = server(mailbox, "shop.test", "tls", username="ana", password="falsch")

    failure = failure_of(to, ca_file=certificate)

    said = f"shop.test:{mailbox.port} refused the login (535): 5.7.8 wrong user or password"
    assert (failure.message, failure.retryable) == (said, False)


@pytest.mark.parametrize(
    ("moment", "answer", "said", "is_retryable"),
    [
        ("RCPT", "550 no such user", "does not take mail for ana@example.org (550)", False),
        ("RCPT", "451 greylisted", "does not take mail for ana@example.org (451)", True),
        ("MAIL", "553 not your address", "refused the mail (553): not your address", False),
        ("DATA", "554 no", "refused the mail (554): no", False),
        ("END", "452 full\x00\x1b[31m", "refused the mail (452): full [31m", True),
        ("END", "552 " + "x" * 400, "x" * 200, False),
        ("GREETING", "554 go away", "refused the mail (554): go away", False),
        ("EHLO", "nonsense", "does not speak SMTP", False),
    ],
)
def test_what_the_server_says_is_told(open_mailbox, moment, answer, said, is_retryable):
    mailbox = open_mailbox(answers={moment: answer})

    failure = failure_of(server(mailbox))

    assert failure.message.endswith(said) or f"{said}:" in failure.message
    assert failure.retryable is is_retryable


def test_one_wrong_address_keeps_the_mail_from_all(open_mailbox):
    mailbox = open_mailbox(answers={"RCPT": ["250 ok", "550 unknown"]})

    assert "hidden@example.org (550)" in failure_of(server(mailbox)).message
    assert mailbox.mails == []


def test_a_mailbox_that_is_not_there_is_one_sentence(open_mailbox):
    mailbox = open_mailbox()
    to = server(mailbox)
    mailbox.close()

    failure = failure_of(to)

    assert failure.message == f"No connection to 127.0.0.1:{to.port}: connection refused"
    assert (failure.kind, failure.retryable) == ("connection", True)


def test_a_server_inside_the_own_network_is_closed(open_mailbox):
    mailbox = open_mailbox()

    failure = failure_of(server(mailbox), allowed=AllowedHosts())

    assert (failure.kind, mailbox.connections) == ("blocked_address", 0)
    assert "is inside your own network" in failure.message


@pytest.mark.parametrize(("port", "is_open"), [(25, True), (587, True), (22, False), (110, False)])
def test_only_the_ports_of_mail_servers_are_open(names, monkeypatch, port, is_open):
    def refuse(*_):
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(socket, "create_connection", refuse)
    names.set("smtp.test", ["93.184.216.34"])

    failure = failure_of(MailServer("smtp.test", port, "none"), allowed=AllowedHosts())

    assert (failure.kind != "blocked_address") is is_open
    assert is_open or "mail servers answer on 25, 465, 587" in failure.message


@pytest.mark.parametrize("moment", ["GREETING", "END"])
def test_a_server_that_says_nothing_is_left(open_mailbox, moment):
    mailbox = open_mailbox(answers={moment: ""})

    failure = failure_of(server(mailbox), seconds=0.3)

    assert failure.message == "There was no complete answer within 0.3 s"
    assert failure.retryable


def test_a_server_that_answers_drop_by_drop_is_cut_off(open_mailbox):
    def drip(talk):
        stop = threading.Event()
        try:
            for _ in range(100):
                talk.connection.sendall(b"2")
                stop.wait(0.05)
        except OSError:
            return ""

    mailbox = open_mailbox(answers={"GREETING": drip})

    assert failure_of(server(mailbox), seconds=0.4).kind == "timeout"


def test_a_greeting_that_is_not_tls_is_told(open_mailbox):
    mailbox = open_mailbox()

    failure = failure_of(server(mailbox, security="tls"), seconds=2)

    assert failure.message.startswith("No secure connection to 127.0.0.1")


def test_a_mail_without_sender_goes_nowhere(open_mailbox):
    mailbox = open_mailbox()

    assert "no sender" in failure_of(server(mailbox), mail=replace(MAIL, sender=None)).message
    assert mailbox.mails == []


def test_it_trusts_nobody_else(open_mailbox, certificate):  # noqa: F811
    mailbox = open_mailbox(certificate=certificate, is_tls=True)

    failure = failure_of(server(mailbox, "shop.test", "tls"))

    assert "OPENBUILD_CA_FILE" in failure.message
    assert isinstance(mailbox.context, ssl.SSLContext)
