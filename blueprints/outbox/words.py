"""What the outbox says about a mail."""

from dataclasses import dataclass
from datetime import datetime

from core import clock
from core.engine.mail_composing import headers, plain_text
from core.engine.mail_events import BOUNCED, COMPLAINED, DELAYED, DELIVERED, DROPPED
from core.runtime.outbox import UNCLEAR_AFTER
from core.storage.mail import FAILED, KEPT, QUEUED, SENDING, SENT, Mail
from core.storage.mail_event import MailEvent
from core.storage.run import Run

STATES = {
    KEPT: ("inbox", "", "Kept here"),
    QUEUED: ("hourglass", "", "In line"),
    SENDING: ("loader-circle", "run", "Being sent"),
    SENT: ("circle-check", "good", "Sent"),
    FAILED: ("circle-x", "bad", "Not sent"),
}
OUTCOMES = {
    DELAYED: ("clock", "warn", "Delayed"),
    DELIVERED: ("circle-check", "good", "Delivered"),
    DROPPED: ("ban", "bad", "Dropped"),
    BOUNCED: ("circle-x", "bad", "Bounced"),
    COMPLAINED: ("circle-alert", "bad", "Called spam"),
}
UNCLEAR = ("circle-help", "warn", "Unclear")
ORIGINS = {
    "failures": "openBuild, since a run failed",
    "reminder": "a reminder of a question",
    "test": "somebody who tried it",
}
TABS = (("", "As it looks"), ("text", "Text"), ("headers", "Headers"))


@dataclass(frozen=True, slots=True)
class Line:
    """One mail of the list."""

    mail: Mail

    @property
    def state(self) -> tuple[str, str, str]:
        """Icon, tone and word for where it stands: what its service told counts most."""
        if self.mail.outcome and self.mail.state != KEPT:
            return OUTCOMES[self.mail.outcome]
        return UNCLEAR if is_unclear(self.mail) else STATES[self.mail.state]

    @property
    def at(self) -> datetime:
        """When it was written."""
        return self.mail.created_at


@dataclass(frozen=True, slots=True)
class Shown:
    """The mail that is being looked at."""

    line: Line
    tab: str
    run: Run | None
    events: list[MailEvent]

    @property
    def mail(self) -> Mail:
        """Its row."""
        return self.line.mail

    @property
    def sending(self) -> str:
        """How sending it went, whatever its service told since."""
        return (UNCLEAR if is_unclear(self.mail) else STATES[self.mail.state])[2]

    @property
    def people(self) -> list[tuple[str, str]]:
        """Who it comes from and who gets it, by word."""
        message = self.mail.message
        kinds = (
            ("To", message.to),
            ("Copy to", message.cc),
            ("Hidden copy", message.bcc),
            ("Answers to", message.reply_to),
        )
        sender = message.sender.written if message.sender else "set by the mailbox that sends it"
        lists = [(word, ", ".join(p.written for p in people)) for word, people in kinds if people]
        return [("From", sender), *lists]

    @property
    def told(self) -> list[tuple[MailEvent, str]]:
        """What its service told, newest first, each with a word for it."""
        words = {kind: word.lower() for kind, (_, _, word) in OUTCOMES.items()}
        words[COMPLAINED] = "called it spam"
        return [(event, words[event.kind]) for event in self.events]

    @property
    def origin(self) -> str:
        """Where it comes from, when no run wrote it."""
        return ORIGINS.get(self.mail.origin, "a run that is forgotten")

    @property
    def text(self) -> str:
        """What a reader of text alone gets."""
        return self.mail.text or plain_text(self.mail.html)

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """The head of the mail as it goes over the wire."""
        return headers(self.mail.message)

    @property
    def can_be_sent(self) -> bool:
        """Whether sending it by hand makes sense."""
        return self.mail.state in (KEPT, FAILED) or is_unclear(self.mail)


def is_unclear(mail: Mail) -> bool:
    """Whether nobody can say any more if it went out."""
    return mail.state == SENDING and mail.created_at < clock.now() - UNCLEAR_AFTER
