"""Signed addresses that answer runs: whoever knocks too often is turned away for a while."""

from typing import Final

from core import clock
from core.runtime.endpoints.limits import count
from core.runtime.endpoints.refusals import Refused
from core.runtime.idempotency import fingerprint

SECONDS: Final = 60
MOST: Final = 600  # in that time, from one address
MOST_WRONG: Final = 30  # of addresses that open nothing


def check(address: str) -> None:
    """One more from there; raises Refused when there were too many."""
    _count("any", address, MOST)


def count_wrong(address: str) -> None:
    """One more that opens nothing; raises Refused when there were too many."""
    _count("wrong", address, MOST_WRONG)


def _count(what: str, address: str, most: int) -> None:
    window = int(clock.now().timestamp() // SECONDS)
    if count(fingerprint("knocks", what, address, str(window)), SECONDS) > most:
        headers = {"Retry-After": str(SECONDS)}
        message = "Too many calls from your address. Try again in a minute."
        raise Refused(429, "RATE_LIMITED", message, headers=headers)
