"""Carry out many runs at once: the bell is heard in one thread, the runs are done in others."""

import threading
from concurrent.futures import ThreadPoolExecutor

from flask import Flask

from core.runtime import advance, leases
from core.runtime.leases import Claim

THREADS = 32


class Crew:
    """The threads of one process; most of their time is waiting for answers from outside."""

    def __init__(self, app: Flask, size: int = THREADS) -> None:
        self.app = app
        self.size = size
        self.free = threading.Semaphore(size)
        self.threads = ThreadPoolExecutor(size, thread_name_prefix="run")

    def carry_out(self, run_id: str) -> None:
        """Claim the run here and now, and let a thread do the rest; waits while all are busy."""
        self.free.acquire()
        claim = None
        try:
            claim = leases.claim(run_id)
        finally:
            if claim is None:
                self.free.release()
        if claim is not None:
            self.threads.submit(self._carry_out, claim)

    def wait(self) -> None:
        """Return when no run is under way."""
        for _ in range(self.size):
            self.free.acquire()
        self.free.release(self.size)

    def _carry_out(self, claim: Claim) -> None:
        try:
            with self.app.app_context():
                advance.carry_out(claim)
        finally:
            self.free.release()


_hired: Crew | None = None


def hire(crew: Crew | None) -> None:
    """Let this process's runs be carried out by a crew; None: one after the other."""
    global _hired
    _hired = crew


def carry_out(run_id: str) -> None:
    """Carry a run out by the crew, if this process has one."""
    if _hired is None:
        advance.advance_run(run_id)
    else:
        _hired.carry_out(run_id)
