"""Make, recognise and revoke the keys with which other programs call."""

import hashlib
import hmac
import logging
import re
import secrets
import string
import zlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, or_, select, update

from core import clock, config
from core.engine import scopes as scope_rules
from core.storage.db import UNAVAILABLE, transaction, write_connection
from core.storage.lookups import Lookup
from core.storage.token import Token, is_valid_at

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
ID_LENGTH = 8
SECRET_LENGTH = 43  # in base 62, 256 bits
CHECKSUM_LENGTH = 6
FORM = re.compile(
    rf"ob_([0-9A-Za-z]{{{ID_LENGTH}}})_[0-9A-Za-z]{{{SECRET_LENGTH + CHECKSUM_LENGTH}}}"
)
LAST_USED_EVERY = timedelta(minutes=1)
LONGEST_NAME = 100
BY_ID = Lookup(select(Token.__table__).where(Token.id == bindparam("token")))
log = logging.getLogger(__name__)


class TokenRefused(Exception):
    """A key that can't be made as asked; `field` is what to change."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


def create(
    workspace_id: int,
    name: str,
    scopes: Sequence[str] = (),
    *,
    expires: datetime | None = None,
    created_by: str = "",
) -> tuple[Token, str]:
    """A new key and its text, which nobody can ever show again; raises TokenRefused."""
    name = name.strip()
    if not 0 < len(name) <= LONGEST_NAME:
        raise TokenRefused("name", "Give the key a name, so that you recognise it later.")
    for scope in scopes:
        if not scope_rules.is_scope(scope):
            raise TokenRefused(
                "scopes", f"“{scope}” is nothing that a key may do. Write {scope_rules.EXAMPLES}."
            )
    now = clock.now()
    if expires is not None and expires <= now:
        raise TokenRefused("expires", "This key would have ended already.")
    token_id, text = _new_text()
    token = Token(
        id=token_id,
        workspace_id=workspace_id,
        name=name,
        scopes=sorted(set(scopes)) or list(scope_rules.USUAL),
        digest=_digest(text),
        ending=text[-4:],
        created_at=now,
        created_by=created_by,
        expires_at=expires,
    )
    with transaction() as session:
        session.add(token)
    return token, text


def find(text: str, *, address: str = "") -> Any:
    """The valid key with this text, read afresh each time: a revoked one is refused at once."""
    match = FORM.fullmatch(text)
    if match is None or not hmac.compare_digest(text[-CHECKSUM_LENGTH:], _checksum(text)):
        return None
    token = BY_ID.find(token=match[1])  # not from the session, which may be older than a revocation
    # Compared also when there is none, so that the time tells nothing about ids.
    expected = token.digest if token else ""
    if not hmac.compare_digest(expected, _digest(text)) or token is None:
        return None
    now = clock.now()
    if not is_valid_at(token, now):
        return None
    _note_use(token, now, address)
    return token


def permits(token: Token, scope: str) -> bool:
    """Whether the key may do this, such as “run:order-intake”."""
    return scope_rules.permits(token.scopes, scope)


def revoke(token: Token, *, by: str = "") -> None:
    """End the key now, in every process."""
    change = update(Token).where(Token.id == token.id, Token.revoked_at.is_(None))
    with transaction() as session:
        session.execute(change.values(revoked_at=clock.now(), revoked_by=by))


def listing(workspace_id: int) -> list[Token]:
    """All keys that nobody has revoked, newest first."""
    return Token.of_workspace(workspace_id)


def _note_use(token: Any, now: datetime, address: str) -> None:
    """Remember when and from where it was used, with one write a minute at most."""
    before = now - LAST_USED_EVERY
    if token.last_used_at is not None and token.last_used_at > before:
        return
    stale = or_(Token.last_used_at.is_(None), Token.last_used_at <= before)
    change = update(Token).where(Token.id == token.id, stale)
    try:
        with write_connection() as database:
            database.execute(change.values(last_used_at=now, last_address=address))
    except UNAVAILABLE:  # a busy database is no reason to turn a caller away
        log.warning("could not note the use of a key", extra={"token": token.id})


def _new_text() -> tuple[str, str]:
    token_id = _random_text(ID_LENGTH)
    body = f"ob_{token_id}_{_random_text(SECRET_LENGTH)}"
    return token_id, body + _checksum(body + "0" * CHECKSUM_LENGTH)


def _random_text(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def _checksum(text: str) -> str:
    """Of all but the last characters: a mistyped key is recognised without asking the database."""
    rest = zlib.crc32(text[:-CHECKSUM_LENGTH].encode())
    digits = ""
    for _ in range(CHECKSUM_LENGTH):
        rest, digit = divmod(rest, len(ALPHABET))
        digits = ALPHABET[digit] + digits
    return digits


def _digest(text: str) -> str:
    """A plain hash is enough for 256 random bits; the pepper makes a stolen table useless."""
    pepper = hashlib.sha256(b"tokens:" + config.current().secret_key.encode()).digest()
    return hmac.digest(pepper, text.encode(), "sha256").hex()
