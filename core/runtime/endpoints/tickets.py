"""Tickets: a run's id opens nothing, the ticket beside it does."""

import base64
import hashlib
import hmac

from core import config

LENGTH = 32  # characters, 192 bits


def of_run(run_id: str) -> str:
    """The run's ticket; made from our secret, so the same call can be told it twice."""
    pepper = config.current().secret_key.encode()
    digest = hmac.digest(pepper, b"ticket:" + run_id.encode(), "sha256")
    return base64.urlsafe_b64encode(digest).decode()[:LENGTH]


def hash_of(ticket: str) -> str:
    """What is kept of a ticket."""
    return hashlib.sha256(ticket.encode("utf-8", "replace")).hexdigest()


def opens(ticket: str, kept: str | None) -> bool:
    """Whether this is the ticket of which that was kept."""
    return kept is not None and hmac.compare_digest(hash_of(ticket), kept)
