"""Passwords: the rule for new ones, and slow hashing that cannot exhaust the machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 12  # characters
LONGEST = 1024
FEWEST_DIFFERENT = 5
PATIENCE = 10.0  # seconds to stand in line for hashing

# OWASP's second recommendation; each hash takes 19 MiB, so only a few may be made at once.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_places = BoundedSemaphore(3)
_nobodys_hash = _hasher.hash("a password that nobody has")


class TooBusy(Exception):
    """So many people sign in at once that this one must try again."""


def problem_of(password: str, email: str) -> str:
    """Why this can't be a password, or nothing."""
    if len(password) < SHORTEST:
        return f"At least {SHORTEST} characters; a sentence is fine."
    if len(password) > LONGEST:
        return f"At most {LONGEST} characters."
    if len(set(password)) < FEWEST_DIFFERENT:
        return "Use more different characters; a sentence is fine."
    if password.strip().lower() == email.strip().lower():
        return "Not the email itself."
    return ""


def hash_of(password: str) -> str:
    """What is stored instead of the password."""
    with _place():
        return _hasher.hash(password)


def is_right(password: str, stored: str | None) -> bool:
    """Compare with what is stored; without anything stored it takes as long."""
    if len(password) > LONGEST:
        return False
    with _place():
        try:
            return _hasher.verify(stored or _nobodys_hash, password) and stored is not None
        except (VerificationError, InvalidHashError):
            return False


@contextmanager
def _place() -> Iterator[None]:
    if not _places.acquire(timeout=PATIENCE):
        raise TooBusy("Too many people sign in at this moment. Try again in a minute.")
    try:
        yield
    finally:
        _places.release()
