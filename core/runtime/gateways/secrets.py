"""Encrypt what is secret, with keys that live outside the database."""

import json
from collections.abc import Mapping
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from core import config


class SecretsUnreadable(Exception):
    """A stored secret can't be decrypted with the keys at hand."""


def seal(values: Mapping[str, str], purpose: str) -> bytes:
    """Encrypt values for one purpose; they open for no other one."""
    plain = json.dumps({"for": purpose, "values": dict(values)}).encode()
    return _keys(config.current().encryption_keys).encrypt(plain)


def unseal(sealed: bytes, purpose: str) -> dict[str, str]:
    """The values sealed for this purpose; raises SecretsUnreadable."""
    try:
        content = json.loads(_decrypt(sealed))
    except InvalidToken:
        # Without the cause: a traceback has nothing to add, and must hold nothing secret.
        raise SecretsUnreadable(
            "A stored secret can't be read with the present keys. Put the key it was stored with "
            "behind the newest one in OPENBUILD_ENCRYPTION_KEYS, or enter the secret again."
        ) from None
    if content["for"] != purpose:
        raise SecretsUnreadable("A stored secret was moved to another place; enter it again.")
    return {str(key): str(value) for key, value in content["values"].items()}


def _decrypt(sealed: bytes) -> bytes:
    try:
        return _keys(config.current().encryption_keys).decrypt(sealed)
    except InvalidToken:
        # The keys may have been rotated while this process runs.
        if not config.refresh_keys():
            raise
    return _keys(config.current().encryption_keys).decrypt(sealed)


def reseal(sealed: bytes) -> bytes:
    """The same secret, encrypted with the newest key; raises SecretsUnreadable."""
    try:
        return _keys(config.current().encryption_keys).rotate(sealed)
    except InvalidToken:
        raise SecretsUnreadable("A stored secret can't be read with the present keys.") from None


@lru_cache(maxsize=4)
def _keys(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])
