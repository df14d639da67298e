"""Signed calls: how known senders sign, and whether a call's signature is a good one."""

import base64
import binascii
import hmac
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from core.engine.auth_scheme import Call, NotAuthorized

MOST_SIGNATURES: Final = 20  # in one header: rotation needs two
TIMESTAMP = re.compile(r"[0-9]{1,12}")


@dataclass(frozen=True, slots=True)
class Signed:
    """What a call's headers claim: signatures, one of which must fit, and what they cover."""

    signatures: tuple[str, ...]
    timestamp: str = ""
    id: str = ""


def read_plain(shape: "Shape", call: Call) -> Signed:
    given = call.the_only(shape.header)
    if not given.startswith(shape.prefix):
        raise NotAuthorized(f"the header {shape.header} does not begin with {shape.prefix}")
    dated = call.the_only(shape.timestamp_header) if shape.timestamp_header else ""
    return Signed((given[len(shape.prefix) :],), dated)


@dataclass(frozen=True, slots=True)
class Shape:
    """How one kind of sender signs. `covers` is what stands around the body's bytes."""

    name: str
    header: str
    algorithm: str = "sha256"
    encoding: str = "hex"
    prefix: str = ""
    timestamp_header: str | None = None
    covers: str = ""  # may name {timestamp} and {id}; the raw body follows it
    read: Callable[["Shape", Call], Signed] = read_plain
    is_dated: bool = False
    key_of: Callable[[str], bytes] = str.encode


def read_stripe(shape: Shape, call: Call) -> Signed:
    pairs = [part.strip().partition("=") for part in call.the_only(shape.header).split(",")]
    dated = [value for name, _, value in pairs if name == "t"]
    if len(dated) != 1:
        raise NotAuthorized(f"the header {shape.header} names {len(dated)} times, not one")
    return Signed(tuple(value for name, _, value in pairs if name == "v1"), dated[0])


def read_standard(shape: Shape, call: Call) -> Signed:
    parts = call.the_only(shape.header).split(" ")
    if any(part.count(",") != 1 for part in parts):  # two headers that were joined look like this
        raise NotAuthorized(f"the header {shape.header} is malformed")
    pairs = [part.partition(",") for part in parts]
    signatures = tuple(value for version, _, value in pairs if version == "v1")
    return Signed(signatures, call.the_only("webhook-timestamp"), call.the_only("webhook-id"))


def standard_key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise NotAuthorized("the connection's secret is not base64 after whsec_") from error


PRESETS: Final[Mapping[str, Shape]] = {
    "github": Shape("GitHub", "x-hub-signature-256", prefix="sha256="),
    "stripe": Shape(
        "Stripe", "stripe-signature", covers="{timestamp}.", read=read_stripe, is_dated=True
    ),
    "slack": Shape(
        "Slack",
        "x-slack-signature",
        prefix="v0=",
        timestamp_header="x-slack-request-timestamp",
        covers="v0:{timestamp}:",
        is_dated=True,
    ),
    "shopify": Shape("Shopify", "x-shopify-hmac-sha256", encoding="base64"),
    "standard": Shape(
        "Standard Webhooks",
        "webhook-signature",
        encoding="base64",
        covers="{id}.{timestamp}.",
        read=read_standard,
        is_dated=True,
        key_of=standard_key,
    ),
}


def verify(shape: Shape, call: Call, secrets: Iterable[str], tolerance: timedelta) -> None:
    """Let the call pass if one of the secrets made one of its signatures; else NotAuthorized."""
    signed = shape.read(shape, call)
    if shape.is_dated:
        check_age(call, signed.timestamp, tolerance)
    before = shape.covers.format(timestamp=signed.timestamp, id=signed.id)
    content = before.encode("latin-1", "replace") + call.body
    if not any(fits(shape, secret, content, signed) for secret in secrets):
        raise NotAuthorized("no signature fits; the secret or the body differs")


def check_age(call: Call, timestamp: str, tolerance: timedelta) -> None:
    """Neither too old nor from the future."""
    if not TIMESTAMP.fullmatch(timestamp):
        raise NotAuthorized("the time of the signature is not a number of seconds")
    if abs(int(call.received_at.timestamp()) - int(timestamp)) > tolerance.total_seconds():
        raise NotAuthorized("the signature is too old, or from the future")


def fits(shape: Shape, secret: str, content: bytes, signed: Signed) -> bool:
    digest = hmac.new(shape.key_of(secret), content, shape.algorithm).digest()
    expected = digest.hex().encode() if shape.encoding == "hex" else base64.b64encode(digest)
    given = [one.encode("latin-1", "replace") for one in signed.signatures[:MOST_SIGNATURES]]
    return any(hmac.compare_digest(expected, one) for one in given)
