"""Signing in and out: guesses are slowed down, sessions live on the server and end."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete

from core import clock
from core.runtime import passwords, second_factor, tries
from core.runtime.gateways.secrets import SecretsUnreadable
from core.runtime.second_factor import Accepted
from core.runtime.tries import SignInRefused as SignInRefused
from core.storage.db import transaction
from core.storage.membership import Membership
from core.storage.user import User
from core.storage.web_session import SignedIn, WebSession, hash_of

TRIES_EACH = 5  # for one email from one address
TRIES_OF_ADDRESS = 30  # for all emails from one address
TRIES_AT_CODES = 10  # for one person from all addresses
DAY = timedelta(days=1)
LONG_STAY = timedelta(days=30)


def authenticate(email: str, password: str, address: str) -> User:
    """The person with that email and password; each try is counted before it is made."""
    tries_left = _count_try(email, address)
    user = User.with_email(email)
    right = passwords.is_right(password, user.password_hash if user else None)
    if user is None or not right:
        raise SignInRefused(f"Email or password is wrong. {tries.after(tries_left)}")
    if user.disabled_at is not None:
        raise SignInRefused("This account is switched off. Ask whoever runs openBuild.")
    tries.forget(_key(email, address), take_back=_key("", address))
    return user


def confirm_password(user: User, password: str, address: str) -> None:
    """Make sure that who is signed in knows the password; counted like signing in."""
    tries_left = _count_try(user.email, address)
    if not passwords.is_right(password, user.password_hash):
        raise SignInRefused(f"This is not your password. {tries.after(tries_left)}")
    tries.forget(_key(user.email, address), take_back=_key("", address))


def check_code(user: User, typed: str, address: str) -> Accepted:
    """Use up a code of the person's second factor; each try is counted before it is made."""
    tries_left = count_code_try(user, typed, address)
    try:
        accepted = second_factor.accept(user.id, typed)
    except SecretsUnreadable:
        raise SignInRefused(
            "The key of your app can't be read here. A recovery code still works."
        ) from None
    if accepted is None:
        raise SignInRefused(f"{_wrong(typed)} {tries.after(tries_left)}")
    forget_code_tries(user, address)
    return accepted


def count_code_try(user: User, typed: str, address: str) -> int:
    """Count a try at a code; how many are left before a pause."""
    with transaction():
        left = tries.count(_code_key(user, address), TRIES_EACH, forget_after=DAY)
        if second_factor.is_time_code(typed):
            # A million codes can be guessed from many addresses, and someone who does knows the
            # password: this count is the person's alone. Recovery codes can't be guessed.
            ours = tries.count(_code_key(user), TRIES_AT_CODES, forget_after=DAY)
            left = min(left, ours)
        return min(left, tries.count(_key("", address), TRIES_OF_ADDRESS))


def forget_code_tries(user: User, address: str) -> None:
    """After a right code."""
    tries.forget(_code_key(user, address), _code_key(user), take_back=_key("", address))


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
        left = tries.count(_key(email, address), TRIES_EACH)
        return min(left, tries.count(_key("", address), TRIES_OF_ADDRESS))


def _key(email: str, address: str) -> str:
    return tries.key_of(email.strip().lower(), address)


def _code_key(user: User, address: str = "") -> str:
    return tries.key_of("code", str(user.id), address)


def _wrong(typed: str) -> str:
    if second_factor.is_time_code(typed):
        return "This code is wrong, or it was used before. Wait for the next one."
    return "This is none of your recovery codes, or it was used before."
