"""Signing in and out: guesses are slowed down, sessions live on the server and end."""

import secrets
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import delete

from core import clock
from core.runtime import passwords
from core.storage.db import db, insert_missing, transaction
from core.storage.membership import Membership
from core.storage.user import SignInAttempts, User
from core.storage.web_session import SignedIn, WebSession, hash_of

TRIES_EACH = 5  # for one email from one address
TRIES_OF_ADDRESS = 30  # for all emails from one address
FORGET_AFTER = timedelta(minutes=30)
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)
DAY = timedelta(days=1)
LONG_STAY = timedelta(days=30)


class SignInRefused(Exception):
    """Email or password is wrong, or there were too many tries; the text says which."""


def authenticate(email: str, password: str, address: str) -> User:
    """The person with that email and password; each try is counted before it is made."""
    tries_left = _count_try(email, address)
    user = User.with_email(email)
    right = passwords.is_right(password, user.password_hash if user else None)
    if user is None or not right:
        raise SignInRefused(f"Email or password is wrong. {_after(tries_left)}")
    if user.disabled_at is not None:
        raise SignInRefused("This account is switched off. Ask whoever runs openBuild.")
    _forget_tries(email, address)
    return user


def open_session(user: User, *, stays: bool, browser: str) -> str:
    """Sign a browser in; the answer is the token for its cookie."""
    membership = Membership.first_of(user.id)
    if membership is None:
        raise SignInRefused("You don't belong to a workspace any more. Ask its owner.")
    token = secrets.token_urlsafe(32)
    now = clock.now()
    with transaction() as session:
        WebSession.forget_ended(user.id, now)
        session.add(
            WebSession(
                token_hash=hash_of(token),
                user_id=user.id,
                workspace_id=membership.workspace_id,
                stays=stays,
                browser=browser[:200],
                created_at=now,
                expires_at=now + _stay(stays),
            )
        )
    return token


def who_holds(token: str) -> SignedIn | None:
    """Who is signed in with that token; a session in use is prolonged at half of its time."""
    signed_in = WebSession.behind(token, clock.now())
    if signed_in is not None:
        stay = _stay(signed_in.session.stays)
        if signed_in.session.expires_at - clock.now() < stay / 2:
            _prolong(signed_in.session.id, clock.now() + stay)
            signed_in = WebSession.behind(token, clock.now())
    return signed_in


def close_session(token: str) -> None:
    """Sign one browser out."""
    with transaction() as session:
        session.execute(delete(WebSession).where(WebSession.token_hash == hash_of(token)))


def _stay(stays: bool) -> timedelta:
    return LONG_STAY if stays else DAY


def _prolong(session_id: int, until: datetime) -> None:
    with transaction() as session:
        found = session.get(WebSession, session_id)
        if found is not None:
            found.expires_at = until


def _count_try(email: str, address: str) -> int:
    """Count a try for this email and for this address; how many are left before a pause."""
    with transaction():
        left = _count(_key(email, address), TRIES_EACH)
        return min(left, _count(_key("", address), TRIES_OF_ADDRESS))


def _count(key: str, limit: int) -> int:
    now = clock.now()
    # Two first tries at once must not both make the row.
    first = {"key": key, "count": 0, "last_at": now}
    insert_missing(db.session.connection(), SignInAttempts.__table__, first)
    tries = db.session.get_one(SignInAttempts, key, with_for_update=True, populate_existing=True)
    if tries.blocked_until is not None and tries.blocked_until > now:
        raise SignInRefused(f"Too many tries. Wait {_in_words(tries.blocked_until - now)}.")
    if now - tries.last_at > FORGET_AFTER:
        tries.count, tries.blocked_until = 0, None
    tries.count, tries.last_at = tries.count + 1, now
    if tries.count >= limit:
        pause = FIRST_PAUSE * 2 ** min(tries.count - limit, 10)
        tries.blocked_until = now + min(pause, LONGEST_PAUSE)
    return max(0, limit - tries.count)


def _forget_tries(email: str, address: str) -> None:
    with transaction() as session:
        keys = [_key(email, address)]
        session.execute(delete(SignInAttempts).where(SignInAttempts.key.in_(keys)))
        from_address = session.get(SignInAttempts, _key("", address))
        if from_address is not None:
            from_address.count -= 1
            from_address.blocked_until = None


def _key(email: str, address: str) -> str:
    return sha256(f"{email.strip().lower()}|{address}".encode()).hexdigest()


def _after(tries_left: int) -> str:
    if tries_left == 0:
        return "Now there is a pause of a minute."
    return f"{tries_left} more {'try' if tries_left == 1 else 'tries'}, then a pause of a minute."


def _in_words(pause: timedelta) -> str:
    seconds = max(1, round(pause.total_seconds()))
    if seconds < 60:
        return f"{seconds} seconds"
    minutes = round(seconds / 60)
    return "a minute" if minutes == 1 else f"{minutes} minutes"
