"""Take secrets out of what came back, before anybody stores or shows it."""

import base64
import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

MASK = "•••"
SHORTEST = 4  # shorter ones would blank out half of every answer


def forms(secrets: Iterable[str]) -> tuple[str, ...]:
    """The secrets as they may come back: bare, in base64, in an address, inside JSON."""
    found: set[str] = set()
    for secret in secrets:
        if len(secret) < SHORTEST:
            continue
        encoded = base64.b64encode(secret.encode()).decode()
        bare = {secret, encoded, encoded.rstrip("="), quote(secret, safe=""), quote_plus(secret)}
        bare |= {
            quote(secret),
            json.dumps(secret)[1:-1],
            json.dumps(secret, ensure_ascii=False)[1:-1],
        }
        found |= bare
    # The longest first, so that no rest of one stays behind another.
    return tuple(sorted(found, key=len, reverse=True))


def mask(value: Any, secrets: tuple[str, ...]) -> Any:
    """The same value with every form of the secrets blanked out."""
    if not secrets:
        return value
    match value:
        case str():
            for secret in secrets:
                if secret in value:
                    value = value.replace(secret, MASK)
            return value
        case Mapping():
            return {mask(key, secrets): mask(inner, secrets) for key, inner in value.items()}
        case list():
            return [mask(inner, secrets) for inner in value]
    return value
