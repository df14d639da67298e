"""The processes of the product: what each one does in its fork."""

import json
import os
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from flask import Flask
from setproctitle import setproctitle

from blueprints.cli import Refused
from blueprints.cli.supervision import valkey, web_server
from blueprints.cli.supervision.children import Child
from blueprints.cli.supervision.supervisor import Supervisor
from core import config, logs
from core.config import Settings

HEALTH = "/health/live"
ANSWER_SECONDS = 2.0
APART = "worker alone"
MOST_APART = 8  # processes that carry out suspects


def preload() -> Flask:
    """Import all that any process needs, once; forks share the memory."""
    from sqlalchemy.orm import configure_mappers

    import worker  # noqa: F401
    from app import create_app
    from core.engine.expressions.functions import functions
    from core.runtime.gateways import http
    from core.steps import step_types

    setproctitle("openbuild: supervisor")
    app = create_app()
    configure_mappers()
    step_types()
    functions()
    http.prepare(config.current().ca_file)
    return app


def speak_as(name: str, settings: Settings) -> None:
    """Name this process and its log lines."""
    setproctitle(f"openbuild: {name}")
    logs.configure(sys.stdout, level=settings.log_level, form=settings.log_format, process=name)


@dataclass(frozen=True, slots=True)
class Parts:
    """What is started, and with what."""

    app: Flask
    settings: Settings
    listener: socket.socket
    workers: int

    def valkey(self) -> Child:
        """The bundled queue server."""
        return Child("Valkey", partial(valkey.run, self.settings))

    def children(self) -> Iterator[Child]:
        """Web, workers and scheduler."""
        yield Child("web", self.web)
        for number in range(1, self.workers + 1):
            yield Child(f"worker {number}", partial(self.background, "work", f"worker {number}"))
        yield Child("scheduler", partial(self.background, "schedule", "scheduler"))

    def web(self) -> None:
        """Answer requests."""
        import worker

        speak_as("web", self.settings)
        worker.start_beating(self.app, "web", "web")
        web_server.serve(self.listener, self.app)

    def background(self, kind: str, name: str) -> None:
        """Work or schedule."""
        import worker

        self.listener.close()
        speak_as(name, self.settings)
        worker.stop_on_signals()
        getattr(worker, kind)(self.app, name)

    def prepare(self, supervisor: Supervisor) -> dict[str, str]:
        """Bring the database up to date in a fork, and hear what newcomers should be told."""
        reading, writing = os.pipe()
        done = supervisor.run_once(Child("setup", partial(self.set_up, writing)))
        os.close(writing)
        with os.fdopen(reading) as answer:
            told = answer.read()
        if not done:
            raise Refused(told or "The database can't be set up; see above.")
        first: dict[str, str] = json.loads(told)
        return first

    def set_up(self, answer: int) -> None:
        """In the fork: migrate, and make what the first start needs."""
        from core.runtime import first_start
        from core.storage import migrate

        speak_as("setup", self.settings)
        with self.app.app_context():
            try:
                first = first_start.prepare()
            except (migrate.DatabaseTooNew, migrate.NotCopied) as error:
                os.write(answer, f"{self.settings.home}: {error}".encode())
                raise SystemExit(1) from error
            except migrate.DatabaseAway as error:
                os.write(answer, str(error).encode())
                raise SystemExit(1) from error
        told = {"owner_url": first.owner_url or "", "welcome_curl": first.welcome_curl or ""}
        os.write(answer, json.dumps(told).encode())

    def web_answers(self) -> bool:
        """Whether the web process answers already."""
        request = f"GET {HEALTH} HTTP/1.0\r\nHost: {self.settings.base_url.split('//')[1]}\r\n\r\n"
        try:
            with socket.create_connection(self.listener.getsockname()[:2], ANSWER_SECONDS) as line:
                line.sendall(request.encode())
                return b" 200 " in line.recv(32)
        except OSError:
            return False


def after_death(app: Flask, settings: Settings) -> Callable[[str, int, int], Child | None]:
    """What to do when a process dies: give a worker's runs back, in a fork of its own."""

    def helper(name: str, pid: int, helpers: int) -> Child | None:
        is_enough = helpers >= MOST_APART
        if name.startswith("worker"):
            return Child(APART, partial(clear_up, app, settings, pid, only_free=is_enough))
        if pid or is_enough:
            return None
        return Child(APART, partial(set_apart, app, settings))

    return helper


def clear_up(app: Flask, settings: Settings, pid: int, *, only_free: bool) -> None:
    """Free the leases of a dead process, and carry out what it held: each of its runs alone."""
    import worker
    from core.runtime import leases, rescue

    speak_as(APART, settings)
    worker.stop_on_signals()
    worker.in_context(app, rescue.release, leases.holder(pid))
    worker.in_context(app, rescue.ring_lost)
    if not only_free:
        worker.alone(app)


def set_apart(app: Flask, settings: Settings) -> None:
    """Carry out what is to be carried out alone."""
    import worker

    speak_as(APART, settings)
    worker.stop_on_signals()
    worker.alone(app)
