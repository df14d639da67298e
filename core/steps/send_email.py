"""Send a mail, or keep it in the outbox."""

from collections.abc import Iterator, Mapping
from typing import Any

from core.engine import wording
from core.engine.definition import Step
from core.engine.errors import StepFailed
from core.engine.fields import Field
from core.engine.mail_messages import (
    MailFailed,
    OutgoingMail,
    address_problems,
    check,
    read_addresses,
)
from core.engine.mail_templates import MailContent
from core.engine.outcomes import Done
from core.engine.step_type import Effect, StepContext, StepType

MAILBOXES = (
    ("smtp", "Mailbox (SMTP)"),
    ("sendgrid", "SendGrid"),
    ("postmark", "Postmark"),
)
ADDRESSES = {
    "to": "To",
    "cc": "Copy to",
    "bcc": "Hidden copy to",
    "reply_to": "Answers go to",
}
WRITTEN_HERE = ("template", (None, ""))


class SendEmail(StepType):
    """One mail; every attempt and every worker sends it under the same Message-ID."""

    label = "Send a mail"
    help = "Send a mail, written here or made from a template; without a mailbox it is kept here."
    category = "connect"
    icon = "mail"
    keywords = ("email", "e-mail", "mail", "smtp", "sendgrid", "postmark", "message", "notify")
    fields = (
        Field(
            "connection",
            "Send it through",
            kind="connection",
            required=False,
            choices=MAILBOXES,
            literal=True,
            placeholder="Keep mails here (nothing is sent)",
            help="Mails that are kept here can be looked at in the outbox.",
        ),
        Field(
            "to",
            "To",
            placeholder="ana@example.org",
            help="One address, several with commas, or an expression that gives a list.",
        ),
        Field(
            "template",
            "Template",
            kind="mail_template",
            required=False,
            literal=True,
            help="Instead of writing the mail here.",
        ),
        Field(
            "values",
            "Values for the template",
            kind="mapping",
            required=False,
            help="One for each placeholder: name for {{name}}. They are safe in HTML.",
        ),
        Field(
            "subject",
            "Subject",
            required=False,
            placeholder="Your order is on its way",
            shown_when=WRITTEN_HERE,
        ),
        Field("text", "Text", kind="long_text", required=False, shown_when=WRITTEN_HERE),
        Field(
            "html",
            "HTML",
            kind="long_text",
            required=False,
            shown_when=WRITTEN_HERE,
            help="How it looks where HTML is shown. Put “| escape_html” behind values.",
        ),
        Field("cc", "Copy to", required=False, advanced=True),
        Field("bcc", "Hidden copy to", required=False, advanced=True),
        Field("reply_to", "Answers go to", required=False, advanced=True),
    )
    effect = Effect.REPEATABLE
    example_output = {"message_id": "<3f6c1f0e@flows.example.com>"}
    is_example_exact = True

    def summary(self, step: Step) -> str:
        """To whom, and about what."""
        to = wording.say(step.inputs.get("to"))
        about = wording.say(step.inputs.get("template") or step.inputs.get("subject"))
        return " · ".join(part for part in (to, about) if part)

    def problems(self, inputs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """Addresses that are none."""
        yield from address_problems(inputs, **ADDRESSES)

    def run(self, inputs: Mapping[str, Any], context: StepContext) -> Done:
        """Send or keep it; what can't be sent fails with a sentence."""
        try:
            mail = check(build(inputs, content_of(inputs, context)))
            sent = context.mail.send(mail, connection=inputs.get("connection") or None)
        except MailFailed as failure:
            raise StepFailed(
                failure.message,
                kind=failure.kind,
                retryable=failure.retryable,
                retry_after=failure.retry_after,
            ) from failure
        return Done({"message_id": sent})


def content_of(inputs: Mapping[str, Any], context: StepContext) -> MailContent:
    """Subject, text and HTML: written in the step, or its template filled in."""
    name = inputs.get("template")
    if not name:
        return MailContent(*(_text(inputs, key) for key in ("subject", "text", "html")))
    written = [key for key in ("subject", "text", "html") if _text(inputs, key)]
    if written:
        raise MailFailed(f"“{written[0]}” can't be given beside a template, which has its own")
    values = inputs.get("values") or {}
    if not isinstance(values, Mapping):
        raise MailFailed("“Values for the template” has to be names and values")
    return context.mail.template(str(name)).fill(values)


def build(inputs: Mapping[str, Any], content: MailContent) -> OutgoingMail:
    """The mail that these inputs ask for; raises MailFailed."""
    return OutgoingMail(
        to=read_addresses(inputs.get("to"), ADDRESSES["to"]),
        cc=read_addresses(inputs.get("cc"), ADDRESSES["cc"]),
        bcc=read_addresses(inputs.get("bcc"), ADDRESSES["bcc"]),
        reply_to=read_addresses(inputs.get("reply_to"), ADDRESSES["reply_to"]),
        subject=content.subject,
        text=content.text,
        html=content.html,
    )


def _text(inputs: Mapping[str, Any], key: str) -> str:
    value = inputs.get(key)
    if isinstance(value, Mapping | list):
        raise MailFailed(f"“{key}” has to be text")
    return "" if value is None else str(value)
