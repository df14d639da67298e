"""By which keys a repetition of a call would be recognised."""

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from core.engine import durations
from core.engine.auth_scheme import AuthScheme, Call, Caller
from core.engine.expressions import ExpressionError, resolve
from core.runtime.endpoints.addresses import Endpoint
from core.runtime.endpoints.refusals import Refused, bad_call
from core.runtime.idempotency import (
    DUPLICATE,
    HEADER,
    HEADER_KEPT,
    REPLAY,
    Claim,
    fingerprint,
)

NAME: Final = "idempotency-key"
LONGEST_KEY: Final = 255
USUAL_KEEP: Final = "7d"
# A string of RFC 8941, perhaps with parameters; most clients send the bare text instead.
QUOTED = re.compile(r'"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"(?:\s*;.*)?')
BARE = re.compile(r"[\x21\x23-\x7e][\x20-\x7e]*")


def of_call(
    call: Call, endpoint: Endpoint, scheme: AuthScheme, caller: Caller, scope: Mapping[str, Any]
) -> list[Claim]:
    """The caller's own key, the author's, and the signature's, as far as there are any."""
    found = (
        header_claim(call, caller),
        duplicate_claim(endpoint, scope),
        replay_claim(call, endpoint, scheme),
    )
    return [claim for claim in found if claim is not None]


def header_claim(call: Call, caller: Caller) -> Claim | None:
    """Two callers may use the same key without meeting each other's answers."""
    given = call.all(NAME)
    if not given:
        return None
    if len(given) > 1:
        raise bad_call("Idempotency-Key", "The header Idempotency-Key came more than once.")
    key = fingerprint(caller.kind, caller.id or "", read_key(given[0].strip()))
    body_hash = fingerprint(call.method, call.query, call.body)
    return Claim(HEADER, key, HEADER_KEPT, body_hash)


def read_key(text: str) -> str:
    """The key, quoted or bare; raises Refused."""
    quoted = QUOTED.fullmatch(text)
    if quoted:
        text = re.sub(r"\\(.)", r"\1", quoted[1])
    elif not BARE.fullmatch(text):
        raise bad_call("Idempotency-Key", "The header Idempotency-Key can't be read.")
    if not 0 < len(text) <= LONGEST_KEY:
        raise bad_call("Idempotency-Key", f"An Idempotency-Key has 1 to {LONGEST_KEY} characters.")
    return text


def duplicate_claim(endpoint: Endpoint, scope: Mapping[str, Any]) -> Claim | None:
    """What the author recognises the same call by; null recognises nothing."""
    settings = endpoint.settings.get("duplicates")
    if not settings:
        return None
    try:
        value = resolve(settings["key"], scope)
    except ExpressionError as error:
        raise bad_call(
            "duplicates", f"The key that recognises repeated calls can't be computed: {error}"
        ) from error
    if value is None or value == "":
        return None
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    return Claim(DUPLICATE, fingerprint(text), durations.parse(settings.get("keep", USUAL_KEEP)))


def replay_claim(call: Call, endpoint: Endpoint, scheme: AuthScheme) -> Claim | None:
    replay = scheme.replay(call, endpoint.auth)
    if replay is None:
        return None
    signature, keep = replay
    return Claim(REPLAY, fingerprint(signature), max(keep, timedelta(minutes=1)))


def reused() -> Refused:
    """The caller's mistake: a key is for one request."""
    return Refused(
        422,
        "IDEMPOTENCY_KEY_REUSED",
        "This Idempotency-Key was used for another request. Use a new key for a new request.",
    )


def still_waiting() -> Refused:
    """The first request with the key has not been answered yet."""
    return Refused(
        409,
        "IDEMPOTENCY_KEY_IN_USE",
        "The first request with this Idempotency-Key is still being answered. Try again soon.",
        headers={"Retry-After": "1"},
    )
