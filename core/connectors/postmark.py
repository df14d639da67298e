"""Postmark: mails sent by one web request each."""

from collections.abc import Mapping
from typing import Any

from core.engine.connector import Fields, Secrets
from core.engine.fields import Field
from core.engine.http_messages import OutgoingAnswer, OutgoingRequest, is_retryable_status
from core.engine.mail_composing import plain_text
from core.engine.mail_connector import FROM_EMAIL, FROM_NAME, MailConnector, service_problem
from core.engine.mail_messages import Addresses, MailFailed, OutgoingMail


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


def _written(addresses: Addresses) -> str:
    return ", ".join(address.written for address in addresses)
