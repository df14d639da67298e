"""Callers that wait for a run: woken by a message, or by one look a moment for all of them."""

import logging
import threading
import time
from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app
from sqlalchemy import or_, select
from sqlalchemy.exc import SQLAlchemyError

from core import queue
from core.engine.states import FINAL, RunState
from core.storage.db import read_connection
from core.storage.run import Run

RUN = Run.__table__
LOOK_EVERY = 0.25  # seconds; the queue's server may be away
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """How a run stands when its caller need not wait any longer."""

    run_id: str
    state: str
    reason: str | None
    response: Any
    error: Any


def wait_for(run_id: str, seconds: float) -> Answer | None:
    """Block, holding no connection, until the run has answered; None when the time is up."""
    deadline = time.monotonic() + seconds
    room = _room()
    event = room.enter(run_id)
    try:
        while True:
            if answer := find_answer(run_id):
                return answer
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            event.wait(left)
            event.clear()
    finally:
        room.leave(run_id, event)


def find_answer(run_id: str) -> Answer | None:
    """The run's answer if it is final, or asleep after it has answered."""
    query = select(RUN.c.id, RUN.c.state, RUN.c.reason, RUN.c.response, RUN.c.error)
    answered = _is_answered()
    with read_connection() as connection:
        row = connection.execute(query.where(RUN.c.id == run_id, answered)).one_or_none()
    return Answer(*row) if row else None


def _is_answered() -> Any:
    asleep = (RUN.c.state == RunState.WAITING) & RUN.c.response.is_not(None)
    return or_(RUN.c.state.in_(FINAL), asleep)


class _Room:
    """The waiting room of one process; its two threads begin with the first caller."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.lock = threading.Lock()
        self.events: dict[str, set[threading.Event]] = {}
        self.is_closed = threading.Event()
        for act in (self._listen, self._look):
            threading.Thread(target=act, name="waiters", daemon=True).start()

    def enter(self, run_id: str) -> threading.Event:
        """Begin to wait."""
        event = threading.Event()
        with self.lock:
            self.events.setdefault(run_id, set()).add(event)
        return event

    def leave(self, run_id: str, event: threading.Event) -> None:
        """Wait no longer."""
        with self.lock:
            events = self.events.get(run_id, set())
            events.discard(event)
            if not events:
                self.events.pop(run_id, None)

    def _wake(self, run_id: str) -> None:
        with self.lock:
            events = list(self.events.get(run_id, ()))
        for event in events:
            event.set()

    def _listen(self) -> None:
        with queue.subscribe(queue.ANSWERED) as messages:
            while not self.is_closed.is_set():
                if message := messages.next(1.0):
                    for run_id in message[1].split():
                        self._wake(run_id)

    def _look(self) -> None:
        while not self.is_closed.wait(LOOK_EVERY):
            with self.lock:
                waited = list(self.events)
            if waited:
                self._look_at(waited)

    def _look_at(self, waited: list[str]) -> None:
        try:
            with self.app.app_context(), read_connection() as connection:
                query = select(RUN.c.id).where(RUN.c.id.in_(waited), _is_answered())
                answered = list(connection.execute(query).scalars())
        except SQLAlchemyError as error:
            log.warning("could not look after waiting callers: %s", error)
            return
        for run_id in answered:
            self._wake(run_id)


_rooms: dict[Flask, _Room] = {}
_rooms_lock = threading.Lock()


def _room() -> _Room:
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    with _rooms_lock:
        if app not in _rooms:
            _rooms[app] = _Room(app)
        return _rooms[app]


def close(app: Flask) -> None:
    """Let the threads of an application that nobody calls any more come to their end."""
    with _rooms_lock:
        room = _rooms.pop(app, None)
    if room is not None:
        room.is_closed.set()
