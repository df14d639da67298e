"""Callers that wait for runs: one query finds the answers of many, after a message or a moment."""

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app
from sqlalchemy import bindparam, or_, select
from sqlalchemy.exc import SQLAlchemyError

from core import queue
from core.engine.states import FINAL, RunState
from core.storage.db import in_short, read_connection
from core.storage.run import Run

RUN = Run.__table__
LOOK_EVERY = 0.25  # seconds; the queue's server may be away
log = logging.getLogger(__name__)


ASLEEP = (RUN.c.state == RunState.WAITING) & RUN.c.response.is_not(None)
ANSWERS = select(RUN.c.id, RUN.c.state, RUN.c.reason, RUN.c.response, RUN.c.error).where(
    RUN.c.id.in_(bindparam("waited", expanding=True)), or_(RUN.c.state.in_(FINAL), ASLEEP)
)


@dataclass(frozen=True, slots=True)
class Answer:
    """How a run stands when its caller need not wait any longer."""

    run_id: str
    state: str
    reason: str | None
    response: Any
    error: Any


class Seat:
    """One caller who waits for one run."""

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        self._answer: Answer | None = None
        self._has_answer = threading.Event()

    def give(self, answer: Answer) -> None:
        """End the wait."""
        self._answer = answer
        self._has_answer.set()

    def wait(self, seconds: float) -> Answer | None:
        """Block, holding no connection, until the run has answered; None when the time is up."""
        self._has_answer.wait(max(seconds, 0))
        return self._answer


@contextmanager
def seat(run_id: str) -> Iterator[Seat]:
    """A place to wait for a run; who takes it before the run begins misses no word of its end."""
    room, taken = _room(), Seat(run_id)
    room.enter(taken)
    try:
        yield taken
    finally:
        room.leave(taken)


def wait_for(run_id: str, seconds: float) -> Answer | None:
    """Wait for a run that may have answered before anybody waited."""
    with seat(run_id) as taken:
        return find_answer(run_id) or taken.wait(seconds)


def find_answer(run_id: str) -> Answer | None:
    """The run's answer if it is final, or asleep after it has answered."""
    return next(iter(_find_answers([run_id])), None)


def _find_answers(run_ids: Sequence[str]) -> list[Answer]:
    with read_connection() as connection:
        return [Answer(*row) for row in connection.execute(ANSWERS, {"waited": list(run_ids)})]


class _Room:
    """The waiting room of one process; its two threads begin with the first caller."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.lock = threading.Lock()
        self.seats: dict[str, set[Seat]] = {}
        self.is_closed = threading.Event()
        for act in (self._listen, self._look):
            threading.Thread(target=act, name="waiters", daemon=True).start()

    def enter(self, seat: Seat) -> None:
        """Begin to wait."""
        with self.lock:
            self.seats.setdefault(seat.run_id, set()).add(seat)

    def leave(self, seat: Seat) -> None:
        """Wait no longer."""
        with self.lock:
            seats = self.seats[seat.run_id]
            seats.remove(seat)
            if not seats:
                del self.seats[seat.run_id]

    def _listen(self) -> None:
        with queue.subscribe(queue.ANSWERED) as messages:
            while not self.is_closed.is_set():
                if message := messages.next(1.0):
                    self._look_for(message[1].split())

    def _look(self) -> None:
        while not self.is_closed.wait(LOOK_EVERY):
            with self.lock:
                waited = list(self.seats)
            self._look_for(waited)

    def _look_for(self, run_ids: Sequence[str]) -> None:
        """Give callers the answers of those of these runs that somebody waits for, if any."""
        with self.lock:
            waited = [run_id for run_id in run_ids if run_id in self.seats]
        if not waited:
            return
        try:
            with self.app.app_context():
                answers = _find_answers(waited)
        except SQLAlchemyError as error:
            log.warning("could not look after waiting callers: %s", in_short(error))
            return
        except Exception:  # without these threads every caller would wait in vain
            log.exception("could not look after waiting callers")
            return
        with self.lock:
            for answer in answers:
                for seat in self.seats.get(answer.run_id, ()):
                    seat.give(answer)


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
