"""Processes of a test's own, which die or stand still and know nothing of the test's threads.

A copy of the test's process would: SQLite keeps the locks of a whole process in its memory, and a
copy inherits those that another thread holds at that moment, for good.
"""

import contextlib
import os
import signal
from multiprocessing import get_context
from multiprocessing.connection import wait
from pathlib import Path

from core import config

_kind = get_context("forkserver")
_kind.set_forkserver_preload(["tests.nursery"])


class Process:
    """A process that does something with the test's settings, in an application of its own."""

    def __init__(self, act, *given):
        self._process = _kind.Process(target=_be, args=(config.current(), act, given))
        self._process.start()
        self.pid = self._process.pid

    def outcome(self):
        """What became of it: an exit code, minus the signal that killed it, or None: it stands."""
        while not wait([self._process.sentinel], 0.005):
            if self._stands():
                return None
        self._process.join()
        return self._process.exitcode

    def _stands(self):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"

    def go_on(self):
        """Let it go on that stood still; what became of it."""
        os.kill(self.pid, signal.SIGCONT)
        return self.outcome()


def outcome_of(act, *given):
    """Do that in a process of its own; what became of it."""
    return Process(act, *given).outcome()


def _be(settings, act, given):
    from app import create_app

    config.use(settings)
    with create_app().app_context():
        act(*given)
        os._exit(0)  # as forked workers end: nothing of the process is tidied up
