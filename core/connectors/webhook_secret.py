"""The secret with which another service signs the calls that it sends here."""

from core.engine.connector import Connector, Fields
from core.engine.fields import Field


class WebhookSecret(Connector):
    """One secret, or two while it is being changed."""

    label = "Webhook secret"
    help = "Shared with a service that signs its calls, such as Stripe or GitHub."
    icon = "webhook"
    category = "start"
    keywords = ("webhook", "signature", "signing", "hmac", "secret", "stripe", "github", "shopify")
    fields = (
        Field(
            "sender",
            "Who signs",
            required=False,
            literal=True,
            placeholder="Stripe",
            help="For you to recognise it.",
        ),
        Field("secret", "Secret", kind="secret", help="As the other service shows it."),
        Field(
            "second_secret",
            "Second secret",
            kind="secret",
            required=False,
            help="While you change it: calls signed with either are taken.",
        ),
    )

    def place(self, fields: Fields) -> str:
        """Whose calls it checks."""
        sender = str(fields.get("sender") or "")
        return f"checks calls from {sender}" if sender else "checks signed calls"
