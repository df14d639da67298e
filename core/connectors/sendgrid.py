"""SendGrid: mails sent by one web request each."""

from collections.abc import Iterable, Mapping
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
from core.engine.mail_messages import MailAddress, MailFailed, OutgoingMail

EVENT_NAME = "openbuild_message"
KEY_BEGINS = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE"  # an uncompressed point on P-256
KEY_LENGTH = 124
SIGNED = "x-twilio-email-event-webhook"
KINDS = {
    "delivered": DELIVERED,
    "deferred": DELAYED,
    "bounce": BOUNCED,
    "dropped": DROPPED,
    "spamreport": COMPLAINED,
}
# Reasons to drop a mail that say nothing about its address.
OUR_FAULT = ("invalid smtpapi", "spam content", "recipient list over")


class SendGrid(MailConnector):
    """An API key that may send mails."""

    label = "SendGrid"
    help = "Sends mails through SendGrid, with an API key that may “Mail Send”."
    icon = "send"
    category = "connect"
    keywords = ("mail", "email", "sendgrid", "twilio")
    fields = (
        Field("key", "API key", kind="secret"),
        FROM_EMAIL,
        FROM_NAME,
        Field(
            "base_url",
            "Address of the service",
            kind="url",
            literal=True,
            default="https://api.sendgrid.com",
            help="For the EU: https://api.eu.sendgrid.com.",
        ),
        Field(
            "events_key",
            "Verification key of its event webhook",
            required=False,
            literal=True,
            placeholder="MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE…",
            help="Then it may tell what bounced. The key is public; SendGrid shows it.",
        ),
    )
    events_field = "events_key"
    events_help = (
        "At SendGrid, under Mail Settings, Event Webhook: paste this as Post URL, choose "
        "Delivered, Deferred, Bounced, Dropped and Spam Reports, switch the signature on, and "
        "copy its key here."
    )

    def addresses(self, fields: Fields) -> tuple[str, ...]:
        """The service's own address."""
        return (str(fields["base_url"]),)

    def place(self, fields: Fields) -> str:
        """Who the mails come from."""
        return str(fields.get("from_email", ""))

    def problems(self, fields: Fields) -> Mapping[str, str]:
        """The address has to be one, and the sender, and the key must be of its curve."""
        if key := str(fields.get("events_key") or ""):
            is_key = key.startswith(KEY_BEGINS) and len(key) == KEY_LENGTH
            if not is_key:
                return {"events_key": f"Copy all of it; it begins with {KEY_BEGINS[:12]}…"}
        return service_problem(fields) or super().problems(fields)

    def sign(self, request: OutgoingRequest, fields: Fields, secrets: Secrets) -> OutgoingRequest:
        """Add the key."""
        return request.with_private_header("Authorization", f"Bearer {secrets['key']}")

    def mail_request(self, mail: OutgoingMail, fields: Fields) -> OutgoingRequest:
        """The request of the v3 API; an address stands in it once, or all of it is refused."""
        seen: set[str] = set()
        kinds = (("to", mail.to), ("cc", mail.cc), ("bcc", mail.bcc))
        people = {kind: _people(addresses, seen) for kind, addresses in kinds}
        parts = [("text/plain", mail.text or plain_text(mail.html)), ("text/html", mail.html)]
        body: dict[str, Any] = {
            "personalizations": [{kind: rows for kind, rows in people.items() if rows}],
            "from": _person(mail.sender or self.sender(fields)),
            "subject": mail.subject,
            "content": [{"type": kind, "value": part} for kind, part in parts if part],
            "headers": {"Message-ID": mail.message_id, "Auto-Submitted": "auto-generated"},
        }
        if mail.message_id:
            body["custom_args"] = {EVENT_NAME: mail.message_id}
        if mail.reply_to:
            body["reply_to_list"] = [_person(address) for address in mail.reply_to]
        return OutgoingRequest("POST", "/v3/mail/send", body=body, body_type="json")

    def refusal(self, answer: OutgoingAnswer) -> MailFailed | None:
        """It says 202 when it has taken the mail, else lists what is wrong."""
        if answer.status == 202:
            return None
        errors = answer.body.get("errors") if isinstance(answer.body, Mapping) else None
        said = "; ".join(str(e.get("message", "")) for e in errors or () if isinstance(e, Mapping))
        return MailFailed(
            f"SendGrid refused the mail ({answer.status})" + (f": {said[:300]}" if said else ""),
            kind="http",
            retryable=is_retryable_status(answer.status),
            retry_after=answer.retry_after,
        )

    def proves(self, call: EventCall, fields: Fields, secrets: Secrets, verify: Verify) -> bool:
        """By a signature over the time and the raw body.

        Its age doesn't matter: an event that was taken is not taken again.
        """
        signature, at = (
            call.headers.get(f"{SIGNED}-{part}", "") for part in ("signature", "timestamp")
        )
        return verify(str(fields.get("events_key", "")), signature, at.encode() + call.raw)

    def read_events(self, body: Any) -> list[MailEvent] | None:
        """A list; events that are not about the way of a mail are left out."""
        if not isinstance(body, list):
            return None
        read = (_event(event) for event in body if isinstance(event, Mapping))
        return [event for event in read if event is not None]


def _event(event: Mapping[str, Any]) -> MailEvent | None:
    kind, at = KINDS.get(text_of(event, "event")), moment_of(event.get("timestamp"))
    key, email = text_of(event, "sg_event_id"), email_of(event, "email")
    message_id = text_of(event, EVENT_NAME, "smtp-id")
    if kind is None or at is None or not (key and email and message_id):
        return None
    reason = text_of(event, "reason", "response")
    if kind == BOUNCED and event.get("type") == "blocked":
        kind = DELAYED  # the mail was turned away, the address is fine
    is_ours = kind == DROPPED and reason.lower().startswith(OUR_FAULT)
    marks = kind in (BOUNCED, DROPPED, COMPLAINED) and not is_ours
    return MailEvent(key, kind, email, message_id, at, reason, marks)


def _people(addresses: Iterable[MailAddress], seen: set[str]) -> list[dict[str, str]]:
    rows = []
    for address in addresses:
        if address.email.lower() not in seen:
            seen.add(address.email.lower())
            rows.append(_person(address))
    return rows


def _person(address: MailAddress) -> dict[str, str]:
    return {"email": address.email} | ({"name": address.name} if address.name else {})
