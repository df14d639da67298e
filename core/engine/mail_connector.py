"""The contract of connectors that send mails: who sends, and through which server or service."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import urlsplit

from core.engine.connector import Connector, Fields, Secrets
from core.engine.fields import Field
from core.engine.http_messages import OutgoingAnswer, OutgoingRequest
from core.engine.mail_events import EventCall, MailEvent, Verify
from core.engine.mail_messages import MailAddress, MailFailed, OutgoingMail, read_address

FROM_EMAIL = Field(
    "from_email",
    "Mails come from",
    literal=True,
    placeholder="orders@example.org",
    help="An address that this mailbox or service may send for.",
)
FROM_NAME = Field(
    "from_name", "Name of the sender", required=False, literal=True, placeholder="Lindgren Supply"
)


@dataclass(frozen=True, slots=True)
class MailServer:
    """A mail server to speak SMTP with; security is starttls, tls or none."""

    host: str
    port: int
    security: str
    username: str = ""
    password: str = field(default="", repr=False)


class MailConnector(Connector):
    """A connection that mails are sent through: by SMTP, or by one web request."""

    # The field that proves what the service tells of its mails; once set, it may call us.
    events_field: ClassVar[str] = ""
    events_help: ClassVar[str] = ""

    def sender(self, fields: Fields) -> MailAddress:
        """Who the mails come from; raises MailFailed."""
        address = read_address(fields.get("from_email"), "Mails come from")
        return MailAddress(address.email, str(fields.get("from_name") or ""))

    def problems(self, fields: Fields) -> Mapping[str, str]:
        """The sender has to be an address, and its name one line."""
        try:
            read_address(fields.get("from_email"), FROM_EMAIL.label)
            if fields.get("from_name"):
                read_address(f'"{fields["from_name"]}" <a@b.example>', FROM_NAME.label)
        except MailFailed:
            return {"from_email": "Write an address such as orders@example.org."}
        return {}

    def server(self, fields: Fields, secrets: Secrets) -> MailServer | None:
        """The server to speak SMTP with; none: mails are web requests."""
        return None

    def mail_request(self, mail: OutgoingMail, fields: Fields) -> OutgoingRequest:
        """The web request that sends this mail."""
        raise MailFailed(f"“{self.label}” does not send mails by web requests")

    def refusal(self, answer: OutgoingAnswer) -> MailFailed | None:
        """Why the service did not take the mail; None when it did."""
        return None

    def turned_away(self, answer: OutgoingAnswer, mail: OutgoingMail) -> tuple[str, ...]:
        """The recipients to whom, its answer says, the service sends nothing any more."""
        return ()

    def proves(self, call: EventCall, fields: Fields, secrets: Secrets, verify: Verify) -> bool:
        """Whether a call about mails really is the service's."""
        return False

    def read_events(self, body: Any) -> list[MailEvent] | None:
        """What such a call tells, without what is of no interest; None: it is no such call."""
        return None


def service_problem(fields: Fields) -> dict[str, str]:
    """What is wrong with the address of a service, by field."""
    try:
        parts = urlsplit(str(fields.get("base_url", "")))
        is_host = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_host = False
    if not is_host or parts.path.strip("/") or parts.query or "@" in parts.netloc:
        return {"base_url": "Write the service's address without a path: https://api.example.com."}
    return {}
