"""A mailbox: any server that takes mails by SMTP."""

from collections.abc import Mapping

from core.engine.connector import Fields, Secrets
from core.engine.fields import Field
from core.engine.mail_connector import FROM_EMAIL, FROM_NAME, MailConnector, MailServer

SECURITY = (
    ("starttls", "Encrypted after greeting (STARTTLS), often port 587"),
    ("tls", "Encrypted from the start (TLS), often port 465"),
    ("none", "Not encrypted, for a relay inside your own network"),
)


class Smtp(MailConnector):
    """Host, port and login of a mailbox, and who its mails come from."""

    label = "Mailbox (SMTP)"
    help = "Sends mails through your own mail server or provider."
    icon = "mail"
    category = "connect"
    keywords = ("mail", "email", "smtp", "mailbox", "gmail", "outlook", "ses", "mailgun")
    fields = (
        Field("host", "Mail server", literal=True, placeholder="smtp.example.org"),
        Field("port", "Port", literal=True, default="587"),
        Field(
            "security",
            "Encryption",
            kind="choice",
            default="starttls",
            choices=SECURITY,
            literal=True,
        ),
        Field(
            "username",
            "User name",
            required=False,
            literal=True,
            help="Often the whole address. Empty: the server asks for no login.",
        ),
        Field("password", "Password", kind="secret", required=False),
        FROM_EMAIL,
        FROM_NAME,
    )

    def addresses(self, fields: Fields) -> tuple[str, ...]:
        """The server with how it is spoken to: a stored password goes to this one alone."""
        return (f"smtp://{fields.get('host')}:{fields.get('port')}/{fields.get('security')}",)

    def place(self, fields: Fields) -> str:
        """The server and who its mails come from."""
        return f"{fields.get('from_email', '')} · {fields.get('host', '')}"

    def problems(self, fields: Fields) -> Mapping[str, str]:
        """A host without anything around it, a port, and no password in the open."""
        host, port = str(fields.get("host", "")), str(fields.get("port", ""))
        if any(mark in host for mark in "/@: \\") or not host.isascii():
            return {"host": "Write the name of the server alone, such as smtp.example.org."}
        if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
            return {"port": "A number from 1 to 65535, often 587."}
        if fields.get("security") == "none" and fields.get("username"):
            return {"security": "A password would be readable on its way; choose an encryption."}
        return super().problems(fields)

    def server(self, fields: Fields, secrets: Secrets) -> MailServer:
        """The server with its login."""
        return MailServer(
            str(fields["host"]).strip().lower(),
            int(fields["port"]),
            str(fields["security"]),
            str(fields.get("username") or ""),
            secrets.get("password", ""),
        )
