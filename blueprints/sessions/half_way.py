"""Who gave the right password and still owes a code: nobody until then, and only for minutes."""

import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from flask import session

from core import clock
from core.runtime import second_factor
from core.storage.db import db
from core.storage.user import User

KEY = "half_way"
WITHIN = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class HalfWay:
    """A person who gave the password in this browser, and whether the browser is theirs."""

    person: User
    stays: bool


def begin(person: User, *, stays: bool) -> None:
    """Remember in the signed cookie that the password was right; this signs nobody in."""
    session.clear()
    at = round(clock.now().timestamp())
    session[KEY] = {"id": person.id, "at": at, "stays": stays, "proof": proof_of(person)}


def here() -> HalfWay | None:
    """Who is half way in this browser, unless it took too long or something changed since."""
    known = session.get(KEY)
    if not isinstance(known, dict):
        return None
    begun = datetime.fromtimestamp(known["at"], UTC)
    person = db.session.get(User, known["id"], populate_existing=True)
    if person is None or person.disabled_at is not None or clock.now() - begun > WITHIN:
        return None
    if not hmac.compare_digest(proof_of(person), known["proof"]):
        return None
    return HalfWay(person, bool(known["stays"]))


def proof_of(person: User) -> str:
    """Changes with the password and with the second factor, and tells neither."""
    since = second_factor.on_since(person.id)
    return sha256(f"{person.password_hash}|{since}".encode()).hexdigest()
