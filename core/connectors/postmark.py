"""Postmark: mails sent by one web request each."""

import base64
import hmac
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from core.engine.connector import Fields, Secrets
from core.engine.fields import Field
from core.engine.http_messages import OutgoingAnswer, OutgoingRequest, is_retryable_status
from core.engine.mail_composing import plain_text
from core.engine.mail_connector import FROM_EMAIL, FROM_NAME, MailConnector, service_problem
from core.engine.mail_events import (
    BOUNCED,
    COMPLAINED,
    DELAYED,
    DELIVERED,
    DROPPED,
    EventCall,
    MailEvent,
    Verify,
    email_of,
    moment_of,
    text_of,
)
from core.engine.mail_messages import Addresses, MailFailed, OutgoingMail

EVENT_NAME = "openbuild"
LONGEST_METADATA = 80  # characters
INACTIVE = 406
HARD = ("HardBounce", "BadEmailAddress")
SUPPRESSED = {"HardBounce": BOUNCED, "SpamComplaint": COMPLAINED}


class Postmark(MailConnector):
    """The token of one Postmark server."""

    label = "Postmark"
    help = "Sends mails through Postmark, with the token of one of its servers."
    icon = "send"
    category = "connect"
    keywords = ("mail", "email", "postmark")
    fields = (
        Field("token", "Server API token", kind="secret"),
        FROM_EMAIL,
        FROM_NAME,
        Field("stream", "Message stream", literal=True, default="outbound"),
        Field(
            "base_url",
            "Address of the service",
            kind="url",
            literal=True,
            default="https://api.postmarkapp.com",
        ),
        Field(
            "events_password",
            "Password of its webhook",
            kind="secret",
            required=False,
            help="Then it may tell what bounced. Make one up; Postmark gets the same.",
        ),
    )
    events_field = "events_password"
    events_help = (
        "At Postmark, under the message stream's Webhooks: paste this as URL, choose Delivery, "
        "Bounce, Spam complaint and Subscription change, and under Basic auth enter the user "
        "openbuild with the password above."
    )

    def addresses(self, fields: Fields) -> tuple[str, ...]:
        """The service's own address."""
        return (str(fields["base_url"]),)

    def place(self, fields: Fields) -> str:
        """Who the mails come from."""
        return str(fields.get("from_email", ""))

    def problems(self, fields: Fields) -> Mapping[str, str]:
        """The address has to be one, and the sender, too."""
        return service_problem(fields) or super().problems(fields)

    def sign(self, request: OutgoingRequest, fields: Fields, secrets: Secrets) -> OutgoingRequest:
        """Add the token."""
        return request.with_private_header("X-Postmark-Server-Token", secrets["token"])

    def mail_request(self, mail: OutgoingMail, fields: Fields) -> OutgoingRequest:
        """The request of its API; it keeps our Message-ID only when asked to."""
        kept = {
            "Message-ID": mail.message_id,
            "X-PM-KeepID": "true",
            "Auto-Submitted": "auto-generated",
        }
        body: dict[str, Any] = {
            "From": (mail.sender or self.sender(fields)).written,
            "To": _written(mail.to),
            "Cc": _written(mail.cc),
            "Bcc": _written(mail.bcc),
            "ReplyTo": _written(mail.reply_to),
            "Subject": mail.subject,
            "TextBody": mail.text or plain_text(mail.html),
            "HtmlBody": mail.html,
            "MessageStream": fields.get("stream") or "outbound",
            "Headers": [{"Name": name, "Value": value} for name, value in kept.items()],
        }
        if mail.message_id:
            body["Metadata"] = {EVENT_NAME: mail.message_id.strip("<>")[:LONGEST_METADATA]}
        given = {name: value for name, value in body.items() if value}
        return OutgoingRequest("POST", "/email", body=given, body_type="json")

    def refusal(self, answer: OutgoingAnswer) -> MailFailed | None:
        """It says 200 and ErrorCode 0 when it has taken the mail."""
        body = answer.body if isinstance(answer.body, Mapping) else {}
        if answer.status == 200 and body.get("ErrorCode") == 0:
            return None
        said = str(body.get("Message") or "")[:300]
        return MailFailed(
            f"Postmark refused the mail ({answer.status})" + (f": {said}" if said else ""),
            kind="http",
            retryable=is_retryable_status(answer.status),
            retry_after=answer.retry_after,
        )

    def turned_away(self, answer: OutgoingAnswer, mail: OutgoingMail) -> tuple[str, ...]:
        """It names them, also where it took the mail for others."""
        body = answer.body if isinstance(answer.body, Mapping) else {}
        said = str(body.get("Message") or "").lower()
        if body.get("ErrorCode") != INACTIVE and "inactive addresses" not in said:
            return ()
        named = {word.strip(".,:;<>()") for word in said.split()}
        return tuple(email for email in mail.recipients if email.lower() in named)

    def proves(self, call: EventCall, fields: Fields, secrets: Secrets, verify: Verify) -> bool:
        """By the password of basic authentication; whatever the user is called."""
        kind, _, written = call.headers.get("authorization", "").partition(" ")
        known = secrets.get("events_password", "")
        try:
            given = base64.b64decode(written.strip(), validate=True).partition(b":")[2]
        except ValueError:
            return False
        is_right = hmac.compare_digest(given, known.encode())
        return kind.lower() == "basic" and bool(known) and is_right

    def read_events(self, body: Any) -> list[MailEvent] | None:
        """One event a call; those that are not about the way of a mail are left out."""
        if not isinstance(body, Mapping):
            return None
        event = _event(body)
        return [event] if event else []


def _event(event: Mapping[str, Any]) -> MailEvent | None:
    type, metadata = text_of(event, "RecordType"), event.get("Metadata")
    message_id = text_of(metadata, EVENT_NAME) if isinstance(metadata, Mapping) else ""
    when = text_of(event, "DeliveredAt", "BouncedAt", "ChangedAt")
    at, email = moment_of(when), email_of(event, "Recipient", "Email")
    kind, marks = _kind(type, event)
    if not kind or at is None or not (email and message_id):
        return None
    # It has no name for its events; these tell them apart.
    key = sha256("|".join((type, str(event.get("ID", "")), email, when)).encode()).hexdigest()
    reason = text_of(event, "Details", "Description", "SuppressionReason")
    return MailEvent(key, kind, email, f"<{message_id}>", at, reason, marks)


def _kind(type: str, event: Mapping[str, Any]) -> tuple[str, bool]:
    """What happened, and whether the address takes no mails any more."""
    if type == "Delivery":
        return DELIVERED, False
    if type == "SpamComplaint":
        return COMPLAINED, True
    if type == "Bounce":
        is_hard = event.get("Type") in HARD or event.get("Inactive") is True
        return (BOUNCED, True) if is_hard else (DELAYED, False)
    if type == "SubscriptionChange" and event.get("SuppressSending") is True:
        return SUPPRESSED.get(text_of(event, "SuppressionReason"), DROPPED), True
    return "", False


def _written(addresses: Addresses) -> str:
    return ", ".join(address.written for address in addresses)
