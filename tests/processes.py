"""Processes of a test's own, which die or stand still and know nothing of the test's threads.

A copy of the test's process would: SQLite keeps the locks of a whole process in its memory, and a
copy inherits those that another thread holds at that moment, for good.
"""

import contextlib
import os
import signal
import time
from multiprocessing import get_context
from multiprocessing.connection import wait
from pathlib import Path

from blueprints.cli.supervision.children import end_with_parent
from core import config

LONGEST = 60  # seconds
_kind = get_context("forkserver")
_kind.set_forkserver_preload(["tests.nursery"])


class Process:
    """A process that does something with the test's settings, in an application of its own.

    It ends with the test that opens it by `with`, whatever it was doing, and stands no longer.
    """

    def __init__(self, act, *given):
        self._process = _kind.Process(target=_be, args=(config.current(), act, given))
        self._process.start()
        self.pid = self._process.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.join()

    def outcome(self):
        """What became of it: an exit code, minus the signal that killed it, or None: it stands."""
        deadline = time.monotonic() + LONGEST
        while not wait([self._process.sentinel], 0.005):
            if self._stands():
                return None
            assert time.monotonic() < deadline, "the process neither ends nor stands still"
        self._process.join()
        return self._process.exitcode

    def _stands(self):
        """Whether each of its threads does."""
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            told = [path.read_text() for path in Path(f"/proc/{self.pid}/task").glob("*/stat")]
            return bool(told) and all(text.rpartition(")")[2].split()[0] == "T" for text in told)

    def go_on(self):
        """Let it go on that stood still; what became of it."""
        os.kill(self.pid, signal.SIGCONT)
        return self.outcome()


def outcome_of(act, *given):
    """Do that in a process of its own; what became of it."""
    with Process(act, *given) as process:
        return process.outcome()


def _be(settings, act, given):
    end_with_parent(signal.SIGKILL)
    from app import create_app

    config.use(settings)
    with create_app().app_context():
        act(*given)
        os._exit(0)  # as forked workers end: nothing of the process is tidied up
