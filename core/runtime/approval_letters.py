"""The words of the mail that asks a person, and of its reminder."""

from dataclasses import dataclass
from datetime import datetime
from html import escape
from zoneinfo import ZoneInfo

from core.engine import wording
from core.engine.mail_messages import MailAddress, OutgoingMail

LONGEST_SUBJECT = 150


@dataclass(frozen=True, slots=True)
class Letter:
    """What a mail about a question tells."""

    workspace: str
    workflow: str
    message: str
    link: str
    until: datetime | None
    timezone: str


def write(letter: Letter, to: MailAddress, *, is_reminder: bool) -> OutgoingMail:
    """The mail, as text and as HTML."""
    first = " ".join(letter.message.split())
    word = "Reminder" if is_reminder else "Your decision"
    subject = wording.shorten(f"{word}: {first}", LONGEST_SUBJECT)
    foot = f"{letter.workspace}, {letter.workflow}. {_until(letter)}"
    text = (
        f"{letter.message}\n\nAnswer here, no account is needed:\n{letter.link}\n\n"
        f"{foot} Whoever has this link can answer; pass it on only if you mean that.\n"
    )
    page = PAGE.format(
        title=escape(subject),
        workflow=escape(letter.workflow),
        message=escape(letter.message).replace("\n", "<br>"),
        link=escape(letter.link),
        foot=escape(foot),
    )
    return OutgoingMail((to,), subject, text, page)


def _until(letter: Letter) -> str:
    if letter.until is None:
        return "It waits for your answer."
    local = letter.until.astimezone(ZoneInfo(letter.timezone))
    return f"It waits for your answer until {local:%-d %B %Y, %-H:%M} ({letter.timezone})."


PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>
<body style="margin:0;padding:24px;background:#fff;color:#20262e;font:16px/1.5 sans-serif">
<p style="color:#5b6573;margin:0">{workflow}</p>
<p style="margin:12px 0 24px;max-width:560px">{message}</p>
<p><a href="{link}" style="display:inline-block;padding:12px 20px;border-radius:8px;
background:#2453c5;color:#fff;text-decoration:none">Look and answer</a></p>
<p style="color:#5b6573;font-size:13px;margin-top:24px">{foot}
Whoever has this link can answer; pass it on only if you mean that.</p>
</body></html>
"""
