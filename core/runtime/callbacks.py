"""Addresses that answer a run: derived from our secret, so that they are the same after a crash.

An address holds the run, the step's path and a signature of both; nothing of it is stored.
"""

import base64
import hashlib
import hmac
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, insert, select, update

from core import clock, config, queue
from core.engine import answers
from core.engine.states import FINAL, RunState
from core.runtime import definitions
from core.steps import step_types
from core.storage.columns import database_now
from core.storage.db import write_connection
from core.storage.run import Run, Wait

RUN, WAIT = Run.__table__, Wait.__table__
SIGNATURE = 24  # bytes
LONGEST = 2000  # characters of an address's last part
ACCEPTED, AGAIN, TOO_LATE, ENDED = "accepted", "answered_already", "expired", "ended"
MOVED = (RUN.c.id, RUN.c.round, RUN.c.lane, RUN.c.state)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an answer belongs."""

    run_id: str
    path: str


def address(run_id: str, version_id: int, step_id: str, loops: Mapping[str, Any]) -> str:
    """The address for `callback_url('<step id>')`, seen from a turn of these loops."""
    definition = definitions.of_version(version_id)
    path = answers.path_of(definition, step_types(), step_id, loops)
    return f"{config.current().base_url}/callbacks/{token(answers.CALL, Place(run_id, path))}"


def token(kind: str, place: Place) -> str:
    """What opens that place, and nothing else."""
    subject = uuid.UUID(place.run_id).bytes + place.path.encode()
    return _written(_sign(kind, subject) + subject)


def place_of(kind: str, given: str) -> Place | None:
    """The place that this token opens; None if it opens nothing."""
    if len(given) > LONGEST or not given.isascii():
        return None
    try:
        raw = base64.urlsafe_b64decode(given + "=" * (-len(given) % 4))
        signature, subject = raw[:SIGNATURE], raw[SIGNATURE:]
        run_id, path = str(uuid.UUID(bytes=subject[:16])), subject[16:].decode()
    except ValueError:
        return None
    is_ours = hmac.compare_digest(signature, _sign(kind, subject))
    return Place(run_id, path) if is_ours and _written(raw) == given else None


def receive(place: Place, body: Any) -> str:
    """Take what another system sends: ACCEPTED, or why it changes nothing."""
    return answer(place, answers.CALL, {"body": body}, is_early_kept=True)


def answer(place: Place, kind: str, payload: Mapping[str, Any], *, is_early_kept: bool) -> str:
    """Write an answer once and let the run go on; of two the first counts."""
    with write_connection() as connection:
        query = select(*MOVED).where(RUN.c.id == place.run_id)
        run = connection.execute(query.with_for_update()).one_or_none()
        if run is None:
            return ENDED
        outcome = _answer(connection, run, place, kind, payload, is_early_kept)
        is_woken = outcome == ACCEPTED and _wake(connection, run)
    if is_woken:
        queue.ring(run.id, run.lane)
    return outcome


def _answer(
    connection: Connection,
    run: Row[Any],
    place: Place,
    kind: str,
    payload: Mapping[str, Any],
    is_early_kept: bool,
) -> str:
    here = _here(run, place)
    wait = connection.execute(select(WAIT).where(*here)).one_or_none()
    if wait is not None and wait.answered_at is not None:
        return _why_over(wait.payload)
    if run.state in FINAL:
        return ENDED
    written = {"payload": dict(payload), "answered_at": clock.now()}
    if wait is None:
        if not is_early_kept:
            return ENDED
        row = {"run_id": run.id, "path": place.path, "round": run.round, "kind": kind}
        connection.execute(insert(WAIT).values(**row, **written))  # nobody else: its run is locked
        return ACCEPTED
    in_time = (WAIT.c.wake_at.is_(None)) | (WAIT.c.wake_at > database_now())
    taken = update(WAIT).where(*here, WAIT.c.answered_at.is_(None), in_time)
    return ACCEPTED if connection.execute(taken.values(**written)).rowcount else TOO_LATE


def _why_over(payload: Mapping[str, Any]) -> str:
    """What to say to an answer that comes when there is one, or none is wanted any more."""
    if payload == answers.TIMED_OUT:
        return TOO_LATE
    return ENDED if payload == answers.DROPPED else AGAIN


def _wake(connection: Connection, run: Row[Any]) -> bool:
    """Queue the run if it sleeps; one that is held looks before it does."""
    asleep = RUN.c.state == RunState.WAITING, RUN.c.line.is_(None)
    moved = update(RUN).where(RUN.c.id == run.id, *asleep)
    queued = {"state": RunState.QUEUED, "reason": None, "wake_at": None, "rung_at": database_now()}
    return bool(connection.execute(moved.values(**queued)).rowcount)


def _here(run: Row[Any], place: Place) -> tuple[ColumnElement[bool], ...]:
    return WAIT.c.run_id == run.id, WAIT.c.path == place.path, WAIT.c.round == run.round


def _sign(kind: str, subject: bytes) -> bytes:
    pepper = config.current().secret_key.encode()
    return hmac.new(pepper, kind.encode() + b":" + subject, hashlib.sha256).digest()[:SIGNATURE]


def _written(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
