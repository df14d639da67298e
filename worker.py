"""The background processes: `work` carries runs out, `schedule` does what is due.

Started by hand without a word it does both. `alone RUN` takes a run that has taken workers with it
before, and then the others of that kind, one after the other.
"""

import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from secrets import token_hex
from types import FrameType
from typing import Any

from flask import Flask
from redis.exceptions import RedisError
from rq import SimpleWorker
from rq.exceptions import NoSuchJobError
from rq.serializers import JSONSerializer
from rq.timeouts import BaseDeathPenalty
from rq.worker import WorkerStatus
from setproctitle import setproctitle
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from app import create_app
from blueprints.cli.supervision import signals
from blueprints.cli.supervision.children import end_with_parent
from core import config, logs, queue
from core.engine.states import RunState
from core.runtime import advance, crew, duties, fairness, processes, rescue
from core.storage.db import UNAVAILABLE, db, in_short
from core.storage.run import Run

DRAIN_SECONDS = 30
TICK_SECONDS = 1.0
BEAT_SECONDS = 2.0
RECONNECT_SECONDS = 1.0
UNRUNG_AT_ONCE = 16
LISTEN_SECONDS = 1.0
SILENCE_SECONDS = 5.0  # a server that says nothing for so long, though asked, is not there
SHOW_SECONDS = 5.0
MOST_BELLS = 16
REGISTRATION_SECONDS = 60
MAINTENANCE_SECONDS = 60
log = logging.getLogger("openbuild.worker")


class NoDeathPenalty(BaseDeathPenalty):
    """Steps have their own time limits; nothing interrupts a job from outside."""

    def setup_death_penalty(self) -> None:
        """Set no alarm."""

    def cancel_death_penalty(self) -> None:
        """There is no alarm to cancel."""


class RunWorker(SimpleWorker):  # type: ignore[misc]
    """An RQ worker that hears many bells at a time and carries their runs out in threads.

    Of a job it reads only the id, which names the run: what a bell means, the database says. A job
    with another id is left to RQ's own way, where our kind of job refuses what isn't ours.
    """

    death_penalty_class = NoDeathPenalty
    log_result_lifespan = False
    max_connection_wait_time = RECONNECT_SECONDS

    def __init__(self, app: Flask, name: str, hands: int = crew.THREADS) -> None:
        server = queue.connect(socket_timeout=SILENCE_SECONDS)
        self.app = app
        self.crew = crew.Crew(app, hands)
        self.shown_at = 0.0
        self.lookout = fairness.Lookout()
        # The last of it, because a server that came back may still know us as we were before.
        known_as = f"{socket.gethostname()}-{os.getpid()}-{name.replace(' ', '-')}-{token_hex(2)}"
        super().__init__(
            [queue.queue(server)],
            name=known_as,
            connection=server,
            job_class=queue.RunJob,
            serializer=JSONSerializer,
            worker_ttl=REGISTRATION_SECONDS,
            maintenance_interval=MAINTENANCE_SECONDS,
            log_job_description=False,
        )

    def work(self, burst: bool = False) -> None:
        """Hear bells until told to stop, or in a burst until none is left; raises RedisError."""
        self.bootstrap(logging_level=None)
        try:
            while not self._stop_requested:
                self.show_life()
                bells = self.hear(0 if burst else LISTEN_SECONDS)
                if bells:
                    self.carry_out(bells)
                elif burst and self.is_idle():
                    return
        finally:
            self.crew.wait()
            self.crew.close()
            self.teardown()

    def hear(self, seconds: float) -> list[queue.Bell]:
        """As many bells as there are free hands."""
        free = self.crew.free_hands(LISTEN_SECONDS)
        if free and self.lookout.was_full:
            free -= self.take_overlooked(free)
        if not free:
            return []
        wanted = min(free, MOST_BELLS)
        bells = queue.hear(self.connection, wanted, seconds)
        self.lookout.note(len(bells), wanted)
        return bells

    def take_overlooked(self, most: int) -> int:
        """Take the first runs of workflows that would wait behind the crowd of another's."""
        with self.app.app_context():
            try:
                found = self.lookout.first_in_line(most)
                return self.crew.carry_out(found) if found else 0
            except SQLAlchemyError as error:
                log.warning("could not look who waits behind others: %s", error)
                return 0

    def carry_out(self, bells: list[queue.Bell]) -> None:
        """Hand the runs over to the crew; all that is not a bell of ours goes RQ's way."""
        with self.app.app_context():
            self.claim([bell.run_id for bell in bells if bell.lane == "io"])
            for bell in bells:
                if bell.lane == "alone":
                    self.crew.carry_out_alone(bell.run_id)
                elif not bell.lane:
                    self.perform_foreign(bell.job_id)
        queue.forget(self.connection, [bell for bell in bells if bell.lane])

    def claim(self, run_ids: list[str]) -> None:
        """Let the crew take these runs; while the database is away they stay queued."""
        try:
            self.crew.carry_out(run_ids)
        except SQLAlchemyError as error:
            log.warning("could not take %d runs; they are rung for again: %s", len(run_ids), error)

    def perform_foreign(self, job_id: str) -> None:
        """A job that somebody else has put into the queue."""
        try:
            job = queue.RunJob.fetch(job_id, self.connection, serializer=JSONSerializer)
        except NoSuchJobError:
            return
        self.execute_job(job, self.queues[0])

    def is_idle(self) -> bool:
        """Whether no run is under way and none has rung since."""
        self.crew.wait()
        return queue.length() == 0

    def show_life(self) -> None:
        """Keep the registration that `rq info` shows, every few seconds."""
        if time.monotonic() - self.shown_at < SHOW_SECONDS:
            return
        self.shown_at = time.monotonic()
        is_busy = self.crew.free < self.crew.size
        self.set_state(WorkerStatus.BUSY if is_busy else WorkerStatus.IDLE)
        self.heartbeat()

    def teardown(self) -> None:
        """End the thread that hears commands, and hang up, also when the server can't be told.

        The thread is told before it is woken, or else it could begin to wait for the next command
        while we wait for its end.
        """
        if self.pubsub_thread is not None:
            self.pubsub_thread.stop()
        try:
            super().teardown()
        finally:
            self.connection.close()

    def procline(self, message: str) -> None:
        """Keep the process's own name."""

    def end(self) -> None:
        """Hear no further bell."""
        self._stop_requested = True


class Stopping:
    """What every loop of the process asks: shall we end?"""

    def __init__(self) -> None:
        self.event = threading.Event()
        self.worker: RunWorker | None = None

    def begin(self) -> None:
        """End after the step at hand, at the latest when the time for that is over."""
        self.event.set()
        advance.stop_soon()
        limit = threading.Timer(DRAIN_SECONDS, give_up)
        limit.daemon = True
        limit.start()
        if self.worker is not None:
            self.worker.end()


stopping = Stopping()


def stop_on_signals() -> None:
    """Let SIGTERM and Ctrl-C end the process in good order."""
    for number in signals.TO_END:
        signal.signal(number, heard)
    signals.on_end(stopping.begin)


def heard(signum: int, frame: FrameType | None) -> None:
    """Do nothing in the middle of something: a thread hears the signal, too."""


def give_up() -> None:
    """The step at hand takes too long: another worker takes the run over when the lease ends."""
    log.warning("a step is still running after %s s; leaving it to another worker", DRAIN_SECONDS)
    logging.shutdown()
    os._exit(0)


def work(app: Flask, name: str = "worker 1") -> None:
    """Carry runs out until told to stop, through any absence of the queue's server."""
    setproctitle(f"openbuild: {name}")
    start_beating(app, "worker", name)
    while not stopping.event.is_set():
        try:
            listen(app, name)
        except RedisError as error:
            log.warning("the queue is away: %s", error)
        stopping.worker = None
        work_unheard(app)


def work_unheard(app: Flask) -> None:
    """Carry out what is queued until the queue's server answers, or told to stop."""
    while not stopping.event.is_set():
        in_context(app, carry_out_unrung)
        stopping.event.wait(RECONNECT_SECONDS)
        if queue.is_alive():
            return


def listen(app: Flask, name: str) -> None:
    """Carry out what the bell names, until told to stop or the queue's server is away."""
    worker = RunWorker(app, name)
    stopping.worker = worker
    if not stopping.event.is_set():
        worker.work()


def carry_out_unrung() -> None:
    """Carry out what is queued without having heard a bell for it."""
    queued = select(Run.id).where(Run.state == RunState.QUEUED, Run.lane == "io")
    queued = queued.order_by(Run.rung_at, Run.id)
    for run_id in db.session.scalars(queued.limit(UNRUNG_AT_ONCE)).all():
        if stopping.event.is_set():
            return
        advance.advance_run(run_id)


def schedule(app: Flask, name: str = "scheduler") -> None:
    """Do what is due, once a second, until told to stop."""
    setproctitle(f"openbuild: {name}")
    start_beating(app, "scheduler", name)
    while not stopping.event.is_set():
        began = time.monotonic()
        in_context(app, duties.tick)
        stopping.event.wait(max(0.0, TICK_SECONDS - (time.monotonic() - began)))


def start_beating(app: Flask, kind: str, name: str) -> None:
    """Say every two seconds that this process is alive."""

    def beat() -> None:
        while not stopping.event.is_set():
            in_context(app, processes.beat, kind, name)
            stopping.event.wait(BEAT_SECONDS)

    threading.Thread(target=beat, name="beat", daemon=True).start()


def in_context(app: Flask, act: Callable[..., object], *arguments: Any) -> None:
    """Do one thing with the database at hand; what goes wrong is logged and not the end."""
    try:
        with app.app_context():
            act(*arguments)
    except UNAVAILABLE as error:
        log.warning("%s: the database failed: %s", act.__name__, in_short(error))
    except Exception:
        log.exception("%s failed", act.__name__)


def alone(app: Flask, run_id: str | None = None) -> None:
    """Take one run as far as it goes, with no other beside it; then others that are to be alone."""
    setproctitle("openbuild: worker alone")
    end_with_parent(signal.SIGTERM)
    with app.app_context():
        carry_out_in_turn(run_id or rescue.next_alone())


def carry_out_in_turn(run_id: str | None) -> None:
    """Most of them only were beside the one that kills: a process for each would be dear."""
    before = None
    while run_id not in (None, before) and not stopping.event.is_set():
        before = run_id
        advance.advance_run(run_id)
        run_id = rescue.next_alone()


def both(app: Flask) -> None:
    """Work, and do what is due beside it: all that the web process needs in the background."""
    threading.Thread(target=schedule, args=(app,), name="schedule", daemon=True).start()
    work(app)


def main(words: list[str]) -> int:
    """Run the kind of process that the words name."""
    from core.storage import migrate  # Alembic is large, and only this start needs it

    settings = config.current()
    kind, *arguments = words or ["both"]
    kinds = {"work": work, "schedule": schedule, "both": both, "alone": alone}
    if kind not in kinds or len(arguments) != (kind == "alone"):
        print(__doc__, file=sys.stderr)
        return 2
    logs.configure(sys.stdout, level=settings.log_level, form=settings.log_format, process=kind)
    stop_on_signals()
    app = create_app()
    with app.app_context():
        migrate.upgrade()
    kinds[kind](app, *arguments)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
