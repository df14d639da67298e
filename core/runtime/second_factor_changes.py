"""Switch two-factor sign-in on and off, make new recovery codes, help who is locked out."""

import secrets
from datetime import timedelta

from sqlalchemy import delete

from core import clock
from core.runtime import second_factor, signing_in, time_codes
from core.runtime.gateways import secrets as vault
from core.runtime.signing_in import SignInRefused
from core.storage.db import transaction
from core.storage.second_factor import RecoveryCode, SecondFactor
from core.storage.user import User
from core.storage.web_session import WebSession

RECOVERY_CODES = 10
# Without letters and digits that look alike.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
GROUPS, GROUP_LENGTH = 4, 4  # nearly 80 bits
SET_UP_WITHIN = timedelta(minutes=15)


class SecondFactorRefused(Exception):
    """What was typed can't be taken; `problems` says what, by field."""

    def __init__(self, **problems: str) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = problems


def begin(user: User) -> None:
    """Make a key for the person's app; it counts once a code has proved it."""
    now = clock.now()
    with transaction() as session:
        factor = SecondFactor.of(user.id)
        if factor is None:
            factor = SecondFactor(user_id=user.id)
            session.add(factor)
        elif factor.on_since is not None:
            raise SecondFactorRefused(code="Two-factor sign-in is on already.")
        key = {"key": time_codes.new_key()}
        factor.key_ciphertext = vault.seal(key, second_factor.purpose(user.id))
        factor.last_step, factor.begun_at = 0, now


def forget_begun(user: User) -> None:
    """Leave it off: drop a key that was made and not proved."""
    unproved = delete(SecondFactor).where(
        SecondFactor.user_id == user.id, SecondFactor.on_since.is_(None)
    )
    with transaction() as session:
        session.execute(unproved)


def begun_key(user: User) -> str | None:
    """The key that waits for its first code; None when nothing was begun, or too long ago."""
    factor = SecondFactor.of(user.id)
    if factor is None or factor.on_since is not None:
        return None
    if clock.now() - factor.begun_at > SET_UP_WITHIN:
        return None
    try:
        return second_factor.key_of(factor)
    except vault.SecretsUnreadable:
        return None


def switch_on(
    user: User, password: str, code: str, *, address: str, keep_session: int
) -> list[str]:
    """Ask for a code from now on; the answer is the recovery codes, shown this once."""
    if begun_key(user) is None:
        raise SecondFactorRefused(code="This took too long. Begin again.")
    _confirm_password(user, password, address)
    try:
        signing_in.count_code_try(user, code, address)
    except SignInRefused as refusal:
        raise SecondFactorRefused(code=str(refusal)) from None
    with transaction() as session:
        # Locked until the commit, so that of two who confirm at once, one gets the codes.
        factor = session.get(SecondFactor, user.id, with_for_update=True, populate_existing=True)
        if factor is None or factor.on_since is not None:
            raise SecondFactorRefused(code="This was changed elsewhere. Load the page again.")
        step = second_factor.step_of(factor, code)
        if step is None:
            raise SecondFactorRefused(
                code="This is not the code that the app shows now. Is the phone's clock right?"
            )
        factor.on_since, factor.last_step = clock.now(), step
        WebSession.end_all(user.id, but=keep_session)
        signing_in.forget_code_tries(user, address)
        return _fresh_codes(user.id)


def switch_off(user: User, password: str, code: str, *, address: str, keep_session: int) -> None:
    """Let the password be enough again."""
    _confirm(user, password, code, address)
    with transaction():
        _remove(user.id)
        WebSession.end_all(user.id, but=keep_session)


def new_recovery_codes(user: User, password: str, code: str, *, address: str) -> list[str]:
    """Ten new codes in place of the old ones, shown this once."""
    _confirm(user, password, code, address)
    with transaction():
        return _fresh_codes(user.id)


def reset(user: User) -> bool:
    """Take the second factor from who is locked out, and end their sessions; was there one?"""
    was_on = second_factor.on_since(user.id) is not None
    with transaction():
        _remove(user.id)
        WebSession.end_all(user.id)
    return was_on


def _remove(user_id: int) -> None:
    RecoveryCode.forget(user_id)
    with transaction() as session:
        session.execute(delete(SecondFactor).where(SecondFactor.user_id == user_id))


def _confirm(user: User, password: str, code: str, address: str) -> None:
    """The password first: a stolen open browser must not be enough to use up codes."""
    _confirm_password(user, password, address)
    try:
        signing_in.check_code(user, code, address)
    except SignInRefused as refusal:
        raise SecondFactorRefused(code=str(refusal)) from None


def _confirm_password(user: User, password: str, address: str) -> None:
    try:
        signing_in.confirm_password(user, password, address)
    except SignInRefused as refusal:
        raise SecondFactorRefused(password=str(refusal)) from None


def _fresh_codes(user_id: int) -> list[str]:
    RecoveryCode.forget(user_id)
    codes = [_new_code() for _ in range(RECOVERY_CODES)]
    with transaction() as session:
        for code in codes:
            digest = second_factor.digest_of(user_id, code)
            session.add(RecoveryCode(user_id=user_id, digest=digest))
    return codes


def _new_code() -> str:
    groups = ("".join(secrets.choice(ALPHABET) for _ in range(GROUP_LENGTH)) for _ in range(GROUPS))
    return "-".join(groups)
