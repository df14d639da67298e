"""Guessing is slowed down: each try is counted in the database before it is made."""

from datetime import timedelta
from hashlib import sha256

from sqlalchemy import delete

from core import clock
from core.storage.db import db, insert_missing, transaction
from core.storage.user import SignInAttempts

FORGET_AFTER = timedelta(minutes=30)
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)


class SignInRefused(Exception):
    """What was typed is wrong, or there were too many tries; the text says which."""


class TooManyTries(SignInRefused):
    """A pause, however right the next try would be."""


def key_of(*about: str) -> str:
    """Under which key tries about this are counted; it tells nobody what they are about."""
    return sha256("|".join(about).encode()).hexdigest()


def count(key: str, limit: int, *, forget_after: timedelta = FORGET_AFTER) -> int:
    """Count one try; how many are left before a pause. Raises TooManyTries. The caller commits."""
    now = clock.now()
    # Two first tries at once must not both make the row.
    first = {"key": key, "count": 0, "last_at": now}
    insert_missing(db.session.connection(), SignInAttempts.__table__, first)
    tries = db.session.get_one(SignInAttempts, key, with_for_update=True, populate_existing=True)
    if tries.blocked_until is not None and tries.blocked_until > now:
        raise TooManyTries(f"Too many tries. Wait {_in_words(tries.blocked_until - now)}.")
    if now - tries.last_at > forget_after:
        tries.count, tries.blocked_until = 0, None
    tries.count, tries.last_at = tries.count + 1, now
    if tries.count >= limit:
        pause = FIRST_PAUSE * 2 ** min(tries.count - limit, 10)
        tries.blocked_until = now + min(pause, LONGEST_PAUSE)
    return max(0, limit - tries.count)


def forget(*keys: str, take_back: str) -> None:
    """After a right try: start these counts anew, and take one back from a shared count."""
    with transaction() as session:
        session.execute(delete(SignInAttempts).where(SignInAttempts.key.in_(keys)))
        shared = session.get(SignInAttempts, take_back)
        if shared is not None:
            shared.count -= 1
            shared.blocked_until = None


def after(tries_left: int) -> str:
    """What comes next, in words."""
    if tries_left == 0:
        return "Now there is a pause of a minute."
    return f"{tries_left} more {'try' if tries_left == 1 else 'tries'}, then a pause of a minute."


def _in_words(pause: timedelta) -> str:
    seconds = max(1, round(pause.total_seconds()))
    if seconds < 60:
        return f"{seconds} seconds"
    minutes = round(seconds / 60)
    return "a minute" if minutes == 1 else f"{minutes} minutes"
