"""What a mail service tells of a mail after it took it: delivered, bounced, called spam."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

DELAYED, DELIVERED, DROPPED, BOUNCED, COMPLAINED = (
    "delayed",
    "delivered",
    "dropped",
    "bounced",
    "complained",
)
# What is said last of a mail with several recipients is the worst.
WORSE = (DELAYED, DELIVERED, DROPPED, BOUNCED, COMPLAINED)
LONGEST_TEXT = 300  # characters
SEVERAL_SPACES = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+")
LATEST = datetime(2200, 1, 1, tzinfo=UTC)

# A check of an ECDSA signature: the public key and the signature in base 64, and what was signed.
Verify = Callable[[str, str, bytes], bool]


@dataclass(frozen=True, slots=True)
class EventCall:
    """A call of the service, as it came: header names in small letters, and the raw body."""

    headers: Mapping[str, str]
    raw: bytes


@dataclass(frozen=True, slots=True)
class MailEvent:
    """One thing that happened to one mail on its way to one address."""

    key: str  # the service's own name for it: the same event again has the same
    kind: str
    email: str
    message_id: str
    at: datetime
    reason: str = ""
    marks: bool = False  # whether the address takes no mails any more


def text_of(event: Mapping[str, Any], *keys: str) -> str:
    """The first of these that is text, in one short line."""
    for key in keys:
        value = event.get(key)
        if isinstance(value, str) and value.strip():
            return SEVERAL_SPACES.sub(" ", value).strip()[:LONGEST_TEXT]
    return ""


def email_of(event: Mapping[str, Any], *keys: str) -> str:
    """The address an event is about, as addresses are compared."""
    return text_of(event, *keys).lower()


def worse(one: str, other: str) -> str:
    """Of two kinds, the one that a person should see."""
    return max(one, other, key=lambda kind: WORSE.index(kind) if kind in WORSE else -1)


def moment_of(value: Any) -> datetime | None:
    """When it happened: seconds since 1970, or a date and time as text; None for neither."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            found = datetime.fromtimestamp(value, UTC)
        elif isinstance(value, str):
            found = datetime.fromisoformat(value)
        else:
            return None
    except (ValueError, OverflowError, OSError):
        return None
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    return found if found < LATEST else None
