"""A mail as its author means it, and how sending it can fail."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.errors import MessageError
from hashlib import sha256
from typing import Any, Literal

from core.engine.expressions import is_computed

FailureKind = Literal["failed", "connection", "timeout", "blocked_address", "http", "limit"]

MOST_RECIPIENTS = 100
LONGEST_SUBJECT = 900  # characters
LONGEST_PART = 2_000_000  # characters of the text, and of the HTML
LONGEST_ADDRESS = 320
LONGEST_LIST = 40_000  # characters: beyond it, addresses are not even read

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
LOCAL_PART = re.compile(r"[!#$%&'*+/=?^_`{|}~0-9A-Za-z-]+(\.[!#$%&'*+/=?^_`{|}~0-9A-Za-z-]+)*")
LABEL = re.compile(r"[0-9A-Za-z]([0-9A-Za-z-]{0,61}[0-9A-Za-z])?")
NEEDS_QUOTES = re.compile(r"[^\w !#$%&'*+/=?^`{|}~-]")


class MailFailed(Exception):
    """A mail was not sent; `message` is a sentence for the author."""

    def __init__(
        self,
        message: str,
        *,
        kind: FailureKind = "failed",
        retryable: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.kind = kind
        self.retryable = retryable
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class MailAddress:
    """Somebody who gets or sends mail: the address in ASCII, and a name to show."""

    email: str
    name: str = ""

    @property
    def written(self) -> str:
        """As people write it: Ana Keller <ana@example.org>."""
        if not self.name:
            return self.email
        name = self.name
        if NEEDS_QUOTES.search(name):
            name = '"' + name.replace("\\", r"\\").replace('"', r"\"") + '"'
        return f"{name} <{self.email}>"


Addresses = tuple[MailAddress, ...]


@dataclass(frozen=True, slots=True)
class OutgoingMail:
    """One mail; who sends it, its Message-ID and its date are set on the way out."""

    to: Addresses
    subject: str
    text: str = ""
    html: str = ""
    cc: Addresses = ()
    bcc: Addresses = ()
    reply_to: Addresses = ()
    sender: MailAddress | None = None
    message_id: str = ""
    at: datetime | None = None

    @property
    def recipients(self) -> tuple[str, ...]:
        """Every address that gets it, each once."""
        return tuple(dict.fromkeys(person.email for person in (*self.to, *self.cc, *self.bcc)))


def message_id(key: str, domain: str) -> str:
    """The Message-ID of everything that is sent under this effect key: always the same."""
    return f"<{sha256(key.encode()).hexdigest()[:40]}@{domain}>"


def check(mail: OutgoingMail) -> OutgoingMail:
    """The mail, if it can be sent at all; raises MailFailed."""
    if not mail.to:
        raise MailFailed("“To” is empty: nobody would get this mail")
    if len(mail.recipients) > MOST_RECIPIENTS:
        raise MailFailed(
            f"this mail goes to {len(mail.recipients)} people; at most {MOST_RECIPIENTS} at once",
            kind="limit",
        )
    check_subject(mail.subject)
    if not mail.text.strip() and not mail.html.strip():
        raise MailFailed("the mail is empty: give it a text, HTML or a template")
    for label, part in (("Text", mail.text), ("HTML", mail.html)):
        if len(part) > LONGEST_PART:
            raise MailFailed(
                f"“{label}” is longer than {LONGEST_PART:,} characters, the limit for a mail",
                kind="limit",
            )
    return mail


def check_subject(subject: str) -> None:
    """Raises MailFailed for what is no subject: a second line could be a header of its own."""
    if not subject.strip():
        raise MailFailed("“Subject” is empty")
    if CONTROL.search(subject):
        raise MailFailed("“Subject” holds a line break or a control character; it is one line")
    if len(subject) > LONGEST_SUBJECT:
        raise MailFailed(f"“Subject” is longer than {LONGEST_SUBJECT} characters", kind="limit")


def read_addresses(value: Any, label: str) -> Addresses:
    """Addresses out of text with commas, or a list of such texts; raises MailFailed."""
    return tuple(address for text in _texts(value, label) for address in _parse(text, label))


def address_problems(inputs: Mapping[str, Any], **labels: str) -> Iterator[tuple[str, str]]:
    """What is wrong with the addresses as they are written, by field; labels by field, too."""
    for key, label in labels.items():
        if not is_computed(inputs.get(key)):
            try:
                read_addresses(inputs.get(key), label)
            except MailFailed as failure:
                yield key, failure.message


def read_address(value: Any, label: str) -> MailAddress:
    """One address; raises MailFailed."""
    found = read_addresses(value, label)
    if len(found) != 1:
        raise MailFailed(f"“{label}” has to be one address, such as ana@example.org")
    return found[0]


def _texts(value: Any, label: str) -> Iterator[str]:
    if value is None:
        return
    for text in value if isinstance(value, list | tuple) else (value,):
        if text is None or text == "":
            continue
        if not isinstance(text, str):
            raise MailFailed(f"“{label}” has to be addresses, not {type(text).__name__}")
        if len(text) > LONGEST_LIST:
            raise MailFailed(f"“{label}” is longer than {LONGEST_LIST:,} characters", kind="limit")
        yield text


def _parse(text: str, label: str) -> Iterator[MailAddress]:
    """The people of one text; they are written anew from their parts, never passed on."""
    if CONTROL.search(text):
        raise MailFailed(f"“{label}” holds a line break or a control character")
    if not text.strip():
        return
    try:
        header: Any = policy.SMTP.header_factory("to", text.strip().rstrip(","))
        found = header.addresses
        is_damaged = bool(header.defects)
    except (MessageError, ValueError, IndexError, AttributeError, TypeError):
        found, is_damaged = (), True
    if not found or is_damaged:
        raise _unreadable(text, label)
    for person in found:
        if CONTROL.search(person.display_name):  # it may have come as an encoded word
            raise _unreadable(text, label)
        yield MailAddress(_email(person.username, person.domain, text, label), person.display_name)


def _email(local: str, domain: str, text: str, label: str) -> str:
    """The plain address, its domain in ASCII."""
    try:
        plain = domain if domain.isascii() else domain.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise _unreadable(text, label) from error
    labels = plain.split(".")
    whole = f"{local}@{plain}"
    is_right = LOCAL_PART.fullmatch(local) and all(LABEL.fullmatch(each) for each in labels)
    if not is_right or len(local) > 64 or len(whole) > LONGEST_ADDRESS:
        raise _unreadable(text, label)
    return whole


def _unreadable(text: str, label: str) -> MailFailed:
    shown = text.strip()[:80]
    return MailFailed(f"“{label}”: “{shown}” is not a mail address such as ana@example.org")
