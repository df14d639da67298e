"""Whether a person has a second factor, and whether what they typed is a code of it."""

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import CursorResult, update

from core import clock, config
from core.runtime import time_codes
from core.runtime.gateways import secrets as vault
from core.storage.db import db, transaction
from core.storage.second_factor import RecoveryCode, SecondFactor
from core.storage.user import User

SIX_DIGITS = re.compile(rf"[0-9]{{{time_codes.DIGITS}}}")


@dataclass(frozen=True, slots=True)
class Accepted:
    """A code that was right: now it is used up."""

    is_recovery: bool
    left: int  # recovery codes that are unused


def on_since(user_id: int) -> datetime | None:
    """Since when a person needs a code to sign in; None when the password is enough."""
    factor = SecondFactor.of(user_id)
    return factor.on_since if factor else None


def is_time_code(typed: str) -> bool:
    """Whether it looks like an app's code; else it is taken for a recovery code."""
    return SIX_DIGITS.fullmatch("".join(typed.split())) is not None


def accept(user_id: int, typed: str) -> Accepted | None:
    """Use up a code of the person; None when it is wrong or was used before."""
    typed = "".join(typed.split())
    if is_time_code(typed):
        is_right = _accept_time_code(user_id, typed)
    else:
        is_right = _accept_recovery_code(user_id, typed)
    if not is_right:
        return None
    return Accepted(not is_time_code(typed), RecoveryCode.count_left(user_id))


def step_of(factor: SecondFactor, typed: str) -> int | None:
    """The half minute of a code of this app; None when it is wrong."""
    return time_codes.step_of(key_of(factor), "".join(typed.split()), clock.now())


def key_of(factor: SecondFactor) -> str:
    """The app's key in the clear; raises SecretsUnreadable."""
    return vault.unseal(factor.key_ciphertext, purpose(factor.user_id))["key"]


def purpose(user_id: int) -> str:
    """What the key is sealed for: a stolen row opens for nobody else."""
    return f"second-factor:{user_id}"


def digest_of(user_id: int, code: str) -> str:
    """What is stored of a recovery code; the pepper makes a stolen table useless."""
    pepper = hashlib.sha256(b"recovery:" + config.current().secret_key.encode()).digest()
    plain = code.replace("-", "").lower()
    return hmac.new(pepper, f"{user_id}:{plain}".encode(), hashlib.sha256).hexdigest()


def reseal_all() -> int:
    """Encrypt every app's key with the newest key; says how many."""
    with transaction() as session:
        factors = list(session.scalars(db.select(SecondFactor)))
        for factor in factors:
            factor.key_ciphertext = vault.reseal(factor.key_ciphertext)
    return len(factors)


def unreadable() -> list[str]:
    """The emails of people whose app's key doesn't open with the present keys."""
    emails = []
    rows = db.session.execute(
        db.select(SecondFactor, User.email)
        .join(User, User.id == SecondFactor.user_id)
        .order_by(User.email)
    )
    for factor, email in rows:
        try:
            key_of(factor)
        except vault.SecretsUnreadable:
            emails.append(email)
    return emails


def _accept_time_code(user_id: int, typed: str) -> bool:
    factor = SecondFactor.of(user_id)
    if factor is None or factor.on_since is None:
        return False
    step = step_of(factor, typed)
    if step is None:
        return False
    # Of two who come with the same code at the same moment, one gets in.
    newer = update(SecondFactor).where(
        SecondFactor.user_id == user_id,
        SecondFactor.on_since.is_not(None),
        SecondFactor.last_step < step,
    )
    return _changes_one(newer.values(last_step=step))


def _accept_recovery_code(user_id: int, typed: str) -> bool:
    unused = update(RecoveryCode).where(
        RecoveryCode.user_id == user_id,
        RecoveryCode.digest == digest_of(user_id, typed),
        RecoveryCode.used_at.is_(None),
    )
    return on_since(user_id) is not None and _changes_one(unused.values(used_at=clock.now()))


def _changes_one(statement: object) -> bool:
    with transaction() as session:
        result = session.execute(statement)  # type: ignore[call-overload]
        return isinstance(result, CursorResult) and result.rowcount == 1
