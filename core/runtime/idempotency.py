"""Start a run once for calls that come twice: by their key, by the author's, by their signature."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.exc import IntegrityError

from core import clock
from core.runtime import acceptance, admission, runs
from core.runtime.acceptance import Order
from core.runtime.runs import NewRun
from core.storage.call_key import CallKey
from core.storage.columns import database_now, new_id
from core.storage.db import read_connection, write_connection
from core.storage.run import Run
from core.storage.workspace import Workspace

HEADER, DUPLICATE, REPLAY = "header", "duplicate", "replay"
HEADER_KEPT = timedelta(hours=24)
WAITER_LEASE = timedelta(seconds=5)  # renewed while a connection waits, so a dead one frees it
KEY = CallKey.__table__


class KeyReused(Exception):
    """The same Idempotency-Key came with another body."""


class StillWaiting(Exception):
    """Another connection waits for the answer to the same Idempotency-Key."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One key by which a repetition of this call would be recognised."""

    kind: str
    key: str
    keep: timedelta
    body_hash: str = ""


@dataclass(frozen=True, slots=True)
class Started:
    """The run of a call: a new one, or the one that an earlier call with the same key started."""

    run_id: str
    repeats: str = ""  # the kind of key that recognised it
    key_id: str | None = None  # of the header's key
    reply: str = ""  # what the first call with that key got


def fingerprint(*parts: str | bytes) -> str:
    """A short text that differs when any of the parts does."""
    digest = hashlib.sha256()
    for part in parts:
        raw = part.encode() if isinstance(part, str) else part
        digest.update(len(raw).to_bytes(8, "big") + raw)
    return digest.hexdigest()


def start(new: NewRun, workspace: Workspace, claims: Sequence[Claim], *, waits: bool) -> Started:
    """Start the run unless one of the keys is known; raises KeyReused."""
    known = find(new, claims)
    while known is None:
        try:
            return start_first(new, workspace, claims, waits=waits)
        except IntegrityError:
            known = find(new, claims)  # another call with the same key was faster by a moment
            if known is None:
                raise
    return known


def find(new: NewRun, claims: Sequence[Claim]) -> Started | None:
    """The run of an earlier call with one of these keys."""
    if not claims:
        return None
    with read_connection() as connection:
        for claim in claims:
            query = select(KEY).where(*same_key(new, claim), KEY.c.expires_at > clock.now())
            row = connection.execute(query).one_or_none()
            if row is None:
                continue
            if row.body_hash != claim.body_hash:
                raise KeyReused
            key_id = row.id if claim.kind == HEADER else None
            return Started(row.run_id, claim.kind, key_id, row.reply)
    return None


def start_first(
    new: NewRun, workspace: Workspace, claims: Sequence[Claim], *, waits: bool
) -> Started:
    """Write the run and all its keys together; IntegrityError if a key is taken."""
    keys = [key_row(new, claim, waits=waits) for claim in claims]
    row = runs.row_of(new, workspace)
    acceptance.write(Order(row, keys))
    if row["line"]:
        admission.enter(Run(**row))
    key_id = next((key["id"] for key in keys if key["kind"] == HEADER), None)
    return Started(new.id, key_id=key_id)


def key_row(new: NewRun, claim: Claim, *, waits: bool) -> dict[str, Any]:
    """What is written of a key."""
    now = clock.now()
    is_waited_for = waits and claim.kind == HEADER
    return {
        "id": new_id(),
        "workflow_id": new.workflow.id,
        "mode": new.mode,
        "kind": claim.kind,
        "key": claim.key,
        "body_hash": claim.body_hash,
        "run_id": new.id,
        "waited_until": now + WAITER_LEASE if is_waited_for else None,
        "expires_at": now + claim.keep,
    }


def wait_alone(key_id: str) -> None:
    """Become the connection that waits for this key's answer; raises StillWaiting."""
    until, now = KEY.c.waited_until, database_now()
    longest = now + WAITER_LEASE.total_seconds()  # what is later was written by a wrong clock
    free = or_(until.is_(None), until <= now, until > longest)
    taken = update(KEY).where(KEY.c.id == key_id, free).values(waited_until=longest)
    with write_connection() as connection:
        if connection.execute(taken).rowcount != 1:
            raise StillWaiting


def go_on_waiting(key_id: str) -> None:
    """Renew the claim of a waiting connection."""
    with write_connection() as connection:
        lease = database_now() + WAITER_LEASE.total_seconds()
        connection.execute(update(KEY).where(KEY.c.id == key_id).values(waited_until=lease))


def note_reply(key_id: str, reply: str) -> None:
    """Remember what the first call got, and that nobody waits any more."""
    with write_connection() as connection:
        answered = update(KEY).where(KEY.c.id == key_id)
        connection.execute(answered.values(reply=reply, waited_until=None))


def forget_expired() -> int:
    """Delete keys whose time is over; returns how many there were."""
    with write_connection() as connection:
        return connection.execute(delete(KEY).where(KEY.c.expires_at <= clock.now())).rowcount


def same_key(new: NewRun, claim: Claim) -> tuple[ColumnElement[bool], ...]:
    return (
        KEY.c.workflow_id == new.workflow.id,
        KEY.c.mode == new.mode,
        KEY.c.kind == claim.kind,
        KEY.c.key == claim.key,
    )
