"""Only a sender that signs its calls with a shared secret can call."""

import hashlib
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from core.engine import durations, json_gate
from core.engine.auth_scheme import PROOFS, AuthScheme, Call, Caller, Greeting, NotAuthorized
from core.engine.fields import Field
from core.engine.signatures import PRESETS, Shape, verify

TOLERANCE: Final = timedelta(minutes=5)
HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
RECOGNISED_BY: Final = {
    "github": "{{ trigger.headers['x-github-delivery'] }}",
    "stripe": "{{ trigger.body.id }}",
    "slack": "{{ trigger.body.event_id }}",
    "shopify": "{{ trigger.headers['x-shopify-webhook-id'] }}",
    "standard": "{{ trigger.headers['webhook-id'] }}",
}

WITHOUT_PRESET: Final = ("preset", (None,))


class Signature(AuthScheme):
    """A signature over the raw body, made with a secret that both sides know."""

    label = "Only a sender that signs"
    help = "For webhooks: each call is signed with a secret that you copy from the sender."
    keywords = ("webhook", "hmac", "secret", "github", "stripe", "slack", "shopify", "sha256")
    needs_body = True
    challenge = 'Signature realm="openBuild"'
    refusal = "This URL takes only signed calls, and no valid signature came with this one."
    fields = (
        Field(
            "preset",
            "Sender",
            "choice",
            required=False,
            choices=tuple((key, shape.name) for key, shape in PRESETS.items()),
            help="Leave it empty to describe another sender.",
        ),
        Field(
            "connection",
            "Connection with the secret",
            "connection",
            choices=(("webhook_secret", "Webhook secret"),),
            literal=True,
        ),
        Field("header", "Header with the signature", required=False, shown_when=WITHOUT_PRESET),
        Field(
            "algorithm",
            "Algorithm",
            "choice",
            required=False,
            default="sha256",
            choices=(("sha256", "HMAC SHA-256"), ("sha512", "HMAC SHA-512")),
            shown_when=WITHOUT_PRESET,
        ),
        Field(
            "encoding",
            "Written as",
            "choice",
            required=False,
            default="hex",
            choices=(("hex", "Hexadecimal"), ("base64", "Base64")),
            shown_when=WITHOUT_PRESET,
        ),
        Field("prefix", "Text before it", required=False, shown_when=WITHOUT_PRESET),
        Field(
            "timestamp_header",
            "Header with the time",
            required=False,
            help="Seconds since 1970; then the signature covers the time, a dot and the body.",
            shown_when=WITHOUT_PRESET,
        ),
        Field("tolerance", "Oldest accepted", "duration", required=False, default="5m"),
    )

    def check(self, call: Call, settings: Mapping[str, Any], secrets: Mapping[str, str]) -> Caller:
        """The sender, if one of the connection's secrets made one of the call's signatures."""
        shape = shape_of(settings)
        verify(shape, call, secrets_in(secrets), tolerance_of(settings))
        return Caller("sender", settings.get("preset") or "signature", shape.name)

    def problems(self, settings: Mapping[str, Any]) -> list[tuple[str, str]]:
        """Beside the fields' own: a preset stands alone, without one the header is needed."""
        found = super().problems(settings)
        if settings.get("preset") is None and not settings.get("header"):
            found.append(("header", "is needed, or choose a preset"))
        if settings.get("preset") is not None:
            described = ("header", "algorithm", "encoding", "prefix", "timestamp_header")
            found += [(name, "is set by the preset") for name in described if name in settings]
        for name in ("header", "timestamp_header"):
            if isinstance(settings.get(name), str) and not HEADER_NAME.fullmatch(settings[name]):
                found.append((name, "is not the name of a header"))
        return found + tolerance_problems(settings)

    def greeting(self, call: Call, settings: Mapping[str, Any]) -> Greeting | None:
        """Slack asks for its challenge, GitHub sends a ping."""
        if settings.get("preset") == "github" and call.header("x-github-event") == "ping":
            return Greeting("pong")
        if settings.get("preset") != "slack" or b"url_verification" not in call.body:
            return None
        try:
            asked = json_gate.parse(call.body)
        except json_gate.JsonRefused:
            return None
        if isinstance(asked, dict) and asked.get("type") == "url_verification":
            return Greeting(str(asked.get("challenge", "")))
        return None

    def replay(self, call: Call, settings: Mapping[str, Any]) -> tuple[str, timedelta] | None:
        """A dated signature may come once while its date is accepted."""
        shape = shape_of(settings)
        if not shape.is_dated:
            return None
        given = call.the_only(shape.header).encode("utf-8", "surrogateescape")
        return hashlib.sha256(given).hexdigest(), 2 * tolerance_of(settings)

    def hidden_headers(self, settings: Mapping[str, Any]) -> frozenset[str]:
        """The signature too."""
        return PROOFS | {shape_of(settings).header}

    def proposals(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Senders of webhooks want a quick yes, repeat themselves, and stop after refusals."""
        preset = settings.get("preset")
        proposed: dict[str, Any] = {"reply": "immediate", "not_run_status": 200}
        if preset in RECOGNISED_BY:
            proposed["duplicates"] = {"key": RECOGNISED_BY[preset], "keep": "7d"}
        return proposed


def shape_of(settings: Mapping[str, Any]) -> Shape:
    preset = settings.get("preset")
    if preset is not None:
        if preset not in PRESETS:
            raise NotAuthorized(f"unknown preset {preset}")
        return PRESETS[preset]
    timestamp_header = settings.get("timestamp_header")
    return Shape(
        "a signing sender",
        str(settings.get("header", "")).lower(),
        settings.get("algorithm", "sha256"),
        settings.get("encoding", "hex"),
        settings.get("prefix", ""),
        timestamp_header.lower() if timestamp_header else None,
        "{timestamp}." if timestamp_header else "",
        is_dated=bool(timestamp_header),
    )


def tolerance_of(settings: Mapping[str, Any]) -> timedelta:
    given = settings.get("tolerance")
    return TOLERANCE if given is None else durations.parse(given)


def tolerance_problems(settings: Mapping[str, Any]) -> list[tuple[str, str]]:
    try:
        tolerance_of(settings)
    except (ValueError, TypeError, AttributeError) as error:
        return [("tolerance", str(error))]
    return []


def secrets_in(secrets: Mapping[str, str]) -> list[str]:
    """All secrets that are valid now: one a line, so that a new one can overlap the old."""
    lines = (line.strip() for value in secrets.values() for line in value.splitlines())
    found = [line for line in lines if line]
    if not found:
        raise NotAuthorized("the connection holds no secret")
    return found
