"""Carry out many runs at once: bells are heard in one thread, the runs are done in others.

Runs that come together are done one after another, as long as none of them has to wait: computing
is done by one thread at a time anyway, and so their ends share a commit.
"""

import logging
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from flask import Flask

from core.runtime import advance, leases, rescue
from core.runtime.common_ends import CommonEnds
from core.runtime.leases import Claim
from core.storage.db import UNAVAILABLE, in_short

THREADS = 32
ABREAST = 2  # threads that begin with runs taken together
WORKER = Path(__file__).resolve().parents[2] / "worker.py"
log = logging.getLogger(__name__)


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
        # The bell may be an old one, of a run that has cost workers since and is to be alone.
        claims = leases.claim_all(run_ids, ("io",))
        self._take(len(claims))
        left = deque(claims)
        for _ in range(min(len(claims), ABREAST)):
            self._go_on(left)
        return len(claims)

    def _go_on(self, left: "deque[Claim]") -> None:
        """Let one more thread work at what is left of these, if anything is."""
        if left:
            self.threads.submit(self._carry_out_some, left)

    def _carry_out_some(self, left: "deque[Claim]") -> None:
        """Carry out runs one after another; when one takes its time, another thread takes over."""
        ends = CommonEnds(advance.end_alone, partial(self._go_on, left))
        done = 0
        try:
            with self.app.app_context():
                while left:
                    try:
                        claim = left.popleft()
                    except IndexError:
                        break
                    done += 1
                    advance.carry_out(claim, ends)
                    ends.write_if_due()
                ends.write()
        finally:
            self._give_back(done)

    def carry_out_alone(self, run_id: str) -> bool:
        """Take a run that has cost workers before in a process of its own; it may cost that.

        One at a time: starting a process is dear. While another is under way the answer is no, and
        the run stays queued until it is rung for again, as the longest waiting one is after that.
        """
        if not self.apart.acquire(blocking=False):
            return False
        self._take(1)
        self.threads.submit(self._alone, run_id)
        return True

    def wait(self) -> None:
        """Return when no run is under way."""
        with self.changed:
            self.changed.wait_for(lambda: self.free == self.size)

    def close(self) -> None:
        """End the threads when their runs are done."""
        self.threads.shutdown()

    def _take(self, hands: int) -> None:
        with self.changed:
            self.free -= hands

    def _give_back(self, hands: int) -> None:
        with self.changed:
            self.free += hands
            self.changed.notify_all()

    def _alone(self, run_id: str) -> None:
        try:
            with self.app.app_context():
                process = subprocess.Popen([sys.executable, str(WORKER), "alone", run_id])
                process.wait()
                rescue.release(leases.holder(process.pid))
        finally:
            self.apart.release()
            self._ring_for_next(run_id)
            self._give_back(1)

    def _ring_for_next(self, before: str) -> None:
        """Those whose bells were answered with no would else wait seconds for their next.

        Who is still in line after its own turn does wait: at once it would go no better.
        """
        try:
            with self.app.app_context():
                rescue.ring_for_next_alone(before)
        except UNAVAILABLE as error:
            log.warning("a run that is to be alone is rung for later: %s", in_short(error))
