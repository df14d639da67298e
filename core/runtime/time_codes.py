"""The six digits that an app on a phone shows for half a minute (RFC 6238 over RFC 4226)."""

import base64
import hmac
import secrets
import struct
from datetime import datetime
from urllib.parse import quote, urlencode

KEY_BYTES = 20
DIGITS = 6
SECONDS = 30
DRIFT = 1  # steps that a phone's clock may be early or late


def new_key() -> str:
    """A key for an app, as the text that people can type."""
    return base64.b32encode(secrets.token_bytes(KEY_BYTES)).decode()


def step_at(moment: datetime) -> int:
    """Which half minute since 1970 this is."""
    return int(moment.timestamp()) // SECONDS


def code_at(key: str, step: int) -> str:
    """What the app shows in that half minute."""
    digest = hmac.digest(base64.b32decode(key), struct.pack(">Q", step), "sha1")
    start = digest[-1] & 0xF
    number = struct.unpack(">I", digest[start : start + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def step_of(key: str, code: str, moment: datetime) -> int | None:
    """The half minute in which the app showed this code; None when it is not of now."""
    now = step_at(moment)
    found = None
    # All are compared, so that the time tells nothing.
    for step in range(now - DRIFT, now + DRIFT + 1):
        if hmac.compare_digest(code_at(key, step).encode(), code.encode()):
            found = step
    return found


def enrolment_address(key: str, *, issuer: str, email: str) -> str:
    """What the picture says that an app reads."""
    issuer = issuer.replace(":", " ").strip()
    details = {"secret": key, "issuer": issuer, "digits": DIGITS, "period": SECONDS}
    label = quote(f"{issuer}:{email}", safe="@:")
    return f"otpauth://totp/{label}?{urlencode(details, quote_via=quote)}"
