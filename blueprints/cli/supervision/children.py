"""Processes that belong to the supervisor: how one starts, dies and is started again."""

import ctypes
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable

PR_SET_PDEATHSIG = 1
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 10.0
LONGEST_AFTER_KILL_SECONDS = 1.0
HEALTHY_SECONDS = 2.0
HANDLED = (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Child:
    """One process of ours: forked, named, and ended with us at the latest."""

    def __init__(
        self, name: str, body: Callable[[], object], *, end_with: signal.Signals = signal.SIGTERM
    ) -> None:
        self.name = name
        self.body = body
        self.end_with = end_with
        self.pid = 0
        self.started_at = 0.0
        self.deaths = 0
        self.start_again_at: float | None = None

    def start(self) -> None:
        """Fork it off."""
        parent = os.getpid()
        sys.stdout.flush()
        sys.stderr.flush()
        self.start_again_at = None
        self.started_at = time.monotonic()
        self.pid = os.fork()
        if self.pid == 0:
            run_and_exit(self.body, parent, self.end_with)

    def died(self, code: int, *, restart: bool) -> None:
        """Note its death, and when to start it again: at once, then later and later.

        What gives up by itself will mostly do so again. What is killed (a negative `code`) was
        mostly at work: however often that happens, others wait for it.
        """
        now = time.monotonic()
        self.pid = 0
        self.deaths = 1 if now - self.started_at > HEALTHY_SECONDS else self.deaths + 1
        longest = LONGEST_AFTER_KILL_SECONDS if code < 0 else LONGEST_PAUSE_SECONDS
        pause = min(FIRST_PAUSE_SECONDS * (2 ** (self.deaths - 1) - 1), longest)
        self.start_again_at = now + pause if restart else None

    def is_due(self) -> bool:
        """Whether it is to be started again now."""
        return self.start_again_at is not None and time.monotonic() >= self.start_again_at

    @property
    def age(self) -> float:
        """For how many seconds it has been there; none before its start."""
        return time.monotonic() - self.started_at if self.pid else 0.0

    def send(self, signum: signal.Signals) -> None:
        """Send it a signal, if it is there."""
        if self.pid:
            os.kill(self.pid, signum)


def run_and_exit(body: Callable[[], object], parent: int, end_with: signal.Signals) -> None:
    """What happens in the fork: become a process of its own, do the work, end."""
    code = 1
    try:
        become_independent(parent, end_with)
        body()
        code = 0
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def become_independent(parent: int, end_with: signal.Signals) -> None:
    """Leave the terminal's group, so that Ctrl-C reaches only the supervisor; end when it ends."""
    os.setsid()
    for signum in HANDLED:
        signal.signal(signum, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, HANDLED)
    end_with_parent(end_with)
    if os.getppid() != parent:
        raise SystemExit(0)


def end_with_parent(signum: signal.Signals) -> None:
    """Ask the kernel for this signal when the parent dies; only Linux knows how."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signum)
