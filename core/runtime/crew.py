"""Carry out many runs at once: bells are heard in one thread, the runs are done in others."""

import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from flask import Flask

from core.runtime import advance, leases, rescue

THREADS = 32
WORKER = Path(__file__).resolve().parents[2] / "worker.py"


class Crew:
    """The threads of one process; most of their time is waiting for answers from outside."""

    def __init__(self, app: Flask, size: int = THREADS) -> None:
        self.app = app
        self.free = size
        self.size = size
        self.changed = threading.Condition()
        self.apart = threading.Lock()
        self.threads = ThreadPoolExecutor(size, thread_name_prefix="run")

    def free_hands(self, seconds: float) -> int:
        """How many more runs can be taken; waits so long for the first."""
        with self.changed:
            self.changed.wait_for(lambda: self.free > 0, seconds)
            return self.free

    def carry_out(self, run_ids: Sequence[str]) -> int:
        """Claim these runs here and now, and let threads do the rest; how many there were."""
        claims = leases.claim_all(run_ids)
        for claim in claims:
            self._submit(partial(advance.carry_out, claim))
        return len(claims)

    def carry_out_alone(self, run_id: str) -> bool:
        """Take a run that has cost workers before in a process of its own; it may cost that.

        One at a time: starting a process is dear. While another is under way the answer is no, and
        the run stays queued until it is rung for again.
        """
        if not self.apart.acquire(blocking=False):
            return False
        self._submit(partial(self._alone, run_id))
        return True

    def wait(self) -> None:
        """Return when no run is under way."""
        with self.changed:
            self.changed.wait_for(lambda: self.free == self.size)

    def close(self) -> None:
        """End the threads when their runs are done."""
        self.threads.shutdown()

    def _submit(self, act: Callable[[], None]) -> None:
        with self.changed:
            self.free -= 1
        self.threads.submit(self._do, act)

    def _do(self, act: Callable[[], None]) -> None:
        try:
            with self.app.app_context():
                act()
        finally:
            with self.changed:
                self.free += 1
                self.changed.notify_all()

    def _alone(self, run_id: str) -> None:
        try:
            process = subprocess.Popen([sys.executable, str(WORKER), "alone", run_id])
            process.wait()
            rescue.release(leases.holder(process.pid))
        finally:
            self.apart.release()
