"""Start the run of a call, and answer when it is done or at once."""

import logging
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Any, Final

from sqlalchemy.exc import SQLAlchemyError

from core.engine.auth_scheme import Caller
from core.runtime import idempotency, waiters
from core.runtime.endpoints import responses, tickets
from core.runtime.endpoints.addresses import Endpoint
from core.runtime.endpoints.responses import Response
from core.runtime.idempotency import DUPLICATE, REPLAY, Started
from core.runtime.runs import NewRun
from core.runtime.waiters import Answer, Seat, find_answer
from core.storage.columns import new_id
from core.storage.db import db

USUAL_WAIT: Final = 30.0  # seconds
MOST_WAITERS: Final = 64  # in a process; the next caller gets a 202 at once
SLICE: Final = 3.0  # seconds, below the lease of a waiting connection
log = logging.getLogger(__name__)
_chairs = threading.BoundedSemaphore(MOST_WAITERS)


def new_run(
    endpoint: Endpoint,
    trigger: Mapping[str, Any],
    caller: Caller,
    timezone: str,
    *,
    depth: int = 0,
) -> NewRun:
    """The run of a call, not stored yet."""
    run_id = new_id()
    return NewRun(
        workflow=endpoint.workflow,
        version=endpoint.frozen_version(),
        origin="endpoint",
        input=trigger,
        mode=endpoint.address.mode,
        started_by=words_for(caller),
        ticket_hash=tickets.hash_of(tickets.of_run(run_id)),
        timezone=timezone,
        depth=depth,
        id=run_id,
    )


def words_for(caller: Caller) -> str:
    """Who called, for the run's page."""
    match caller.kind:
        case "key" | "admin":
            return f"key {caller.name}"
        case "anonymous":
            return "anyone"
    return caller.name


@contextmanager
def seat(endpoint: Endpoint, run_id: str) -> Iterator[Seat | None]:
    """Where the caller waits for this run; None if callers don't wait here, or too many do.

    It is taken before the run exists, so that no word of its end is missed.
    """
    waits = endpoint.settings.get("reply", "wait") == "wait"
    with free_chair() if waits else nullcontext(enter_result=False) as is_free:
        if not is_free:
            yield None
            return
        with waiters.seat(run_id) as taken:
            yield taken


def reply(endpoint: Endpoint, started: Started, seat: Seat | None) -> Response:
    """The run's answer if it comes in time, else where to ask for it."""
    # Nothing may be held while waiting: neither a connection nor a snapshot of the database.
    seconds = float(endpoint.settings.get("wait_seconds", USUAL_WAIT))
    workspace = endpoint.workspace.name
    db.session.remove()
    if started.repeats in (DUPLICATE, REPLAY):
        answer = find_answer(started.run_id)
    elif started.reply == "accepted" or seat is None:
        answer = None
    else:
        answer = wait(started, seat, seconds)
    if started.key_id is not None and not started.reply:
        note_reply(started.key_id, "final" if answer else "accepted")
    return responses.of_run(answer) if answer else responses.accepted(started.run_id, workspace)


def note_reply(key_id: str, reply: str) -> None:
    """The run exists whatever happens now, so a failure here takes nothing back."""
    try:
        idempotency.note_reply(key_id, reply)
    except SQLAlchemyError as error:
        log.warning("could not note what a caller got: %s", error)


def wait(started: Started, seat: Seat, seconds: float) -> Answer | None:
    """The answer, unless it takes too long."""
    if started.repeats and started.key_id is not None:
        if answer := find_answer(started.run_id):
            return answer
        idempotency.wait_alone(started.key_id)
    try:
        return wait_sitting(started, seat, seconds)
    except SQLAlchemyError as error:
        log.warning("could not wait for a run: %s", error)
        return None  # the run was accepted before, so the caller gets a 202


@contextmanager
def free_chair() -> Iterator[bool]:
    """Whether there is room for one more waiting caller; kept until the block ends."""
    is_free = _chairs.acquire(blocking=False)
    try:
        yield is_free
    finally:
        if is_free:
            _chairs.release()


def wait_sitting(started: Started, seat: Seat, seconds: float) -> Answer | None:
    is_its_own = seat.run_id == started.run_id
    wait = seat.wait if is_its_own else partial(waiters.wait_for, started.run_id)
    if started.key_id is None:
        return wait(seconds)
    deadline = time.monotonic() + seconds
    while True:
        left = deadline - time.monotonic()
        if answer := wait(min(SLICE, max(left, 0))):
            return answer
        if left <= SLICE:
            return None
        idempotency.go_on_waiting(started.key_id)
