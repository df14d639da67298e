"""Watches the processes: starts again what dies, and ends all in good order.

It has one thread and no connections, so that forking it is cheap and safe.
"""

import logging
import os
import signal
import time
from collections.abc import Callable

from blueprints.cli import Refused
from blueprints.cli.supervision.children import HANDLED, Child

WATCH_SECONDS = 0.2
HELP_AFTER_SECONDS = 0.05
HELPED_FOR_SECONDS = 0.1  # innocent ones wait behind each other: soon another takes the next
NOBODY = 0  # in place of a process id
START_SECONDS = 30.0
START_POLL_SECONDS = 0.02
DRAIN_SECONDS = 35.0
KILL_SECONDS = 5.0
log = logging.getLogger("openbuild.supervisor")


class Supervisor:
    """Children in the order they start; those of `last` end after all others.

    `after_death` names who clears up after a process, by its name, its id and how many are at it
    already. A helper that is killed needs one itself; one that takes its time gets another beside
    it, until one finds nothing left to do.
    """

    def __init__(self, after_death: Callable[[str, int, int], Child | None]) -> None:
        self.children: list[Child] = []
        self.last: list[Child] = []
        self.helpers: list[Child] = []
        self.is_work_left = False  # for more helpers
        self.after_death = after_death
        self.is_ending = False
        # Started under nohup, the end of the terminal is not ours.
        ignores_hang_up = signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
        hang_up = () if ignores_hang_up else (signal.SIGHUP,)
        self.endings = (signal.SIGTERM, signal.SIGINT, *hang_up)
        signal.pthread_sigmask(signal.SIG_BLOCK, HANDLED)

    def add(self, child: Child, *, ends_last: bool = False) -> None:
        """Start a child and watch it from now on."""
        (self.last if ends_last else self.children).append(child)
        child.start()

    def run_once(self, child: Child) -> bool:
        """Start a child, wait for its end, and say whether it ended well."""
        child.start()
        _, status = os.waitpid(child.pid, 0)
        return os.waitstatus_to_exitcode(status) == 0

    def wait_for(self, condition: Callable[[], bool], name: str) -> None:
        """Wait until a part that was just started is there; a signal or its death ends that."""
        deadline = time.monotonic() + START_SECONDS
        while not condition():
            if self.is_told_to_end(START_POLL_SECONDS):
                raise KeyboardInterrupt
            self.bury()
            if time.monotonic() > deadline or self.has_failed():
                raise Refused(f"{name} did not start.")

    def has_failed(self) -> bool:
        """Whether a child died while all were starting."""
        return any(child.deaths for child in [*self.last, *self.children])

    def watch(self) -> None:
        """Keep everything running until SIGTERM or Ctrl-C."""
        while not self.is_told_to_end(self.patience):
            self.bury()
            for child in [*self.last, *self.children]:
                if child.is_due():
                    child.start()
                    log.info("%s started again", child.name)
            self.start_helpers()

    @property
    def patience(self) -> float:
        """For how many seconds nothing has to be looked after."""
        return HELP_AFTER_SECONDS if self.is_work_left else WATCH_SECONDS

    def is_told_to_end(self, seconds: float) -> bool:
        """Wait for a signal; one that a child has died only ends the waiting."""
        told = signal.sigtimedwait(HANDLED, seconds)
        return told is not None and told.si_signo in self.endings

    def bury(self) -> None:
        """Take note of all children that have died."""
        while (dead := next_dead()) is not None:
            pid, code = dead
            for child in [*self.last, *self.children]:
                if child.pid == pid:
                    self.take_note(child, pid, code)
            for helper in [*self.helpers]:
                if helper.pid == pid:
                    self.take_note_of_helper(helper, pid, code)

    def take_note(self, child: Child, pid: int, code: int) -> None:
        child.died(code, restart=not self.is_ending)
        if self.is_ending:
            return
        log.warning("%s died; starting it again", child.name)
        if helper := self.helper_after(child.name, pid):
            helper.start()

    def take_note_of_helper(self, helper: Child, pid: int, code: int) -> None:
        """Its work is done, unless somebody killed it: by a failure of its own it only gives up."""
        helper.died(code, restart=False)
        self.helpers.remove(helper)
        self.is_work_left = self.is_work_left and code < 0
        if code < 0 and not self.is_ending:
            log.warning("%s was killed", helper.name)
            if next_helper := self.helper_after(helper.name, pid):
                # Soon, but not as fast as one can die.
                next_helper.start_again_at = time.monotonic() + HELP_AFTER_SECONDS

    def start_helpers(self) -> None:
        """Those that are due, and one more while all others are at it for long."""
        for helper in self.helpers:
            if helper.is_due():
                helper.start()
        is_slow = all(helper.age > HELPED_FOR_SECONDS for helper in self.helpers)
        if self.is_work_left and is_slow and (one_more := self.helper_after("", NOBODY)):
            one_more.start()

    def helper_after(self, name: str, pid: int) -> Child | None:
        """Who clears up after a process that died."""
        helper = self.after_death(name, pid, len(self.helpers))
        if helper is not None:
            self.helpers.append(helper)
            self.is_work_left = True
        return helper

    def end(self) -> None:
        """Let all finish what they are at, then the rest; a second signal hurries."""
        self.is_ending = True
        self.end_all([*self.children, *self.helpers], DRAIN_SECONDS)
        self.end_all(self.last, DRAIN_SECONDS)

    def end_all(self, children: list[Child], patience: float) -> None:
        for child in children:
            child.send(signal.SIGTERM)
        if not self.are_gone(children, patience):
            for child in children:
                child.send(signal.SIGKILL)
            self.are_gone(children, KILL_SECONDS)

    def are_gone(self, children: list[Child], seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while any(child.pid for child in children):
            if time.monotonic() > deadline or self.is_told_to_end(WATCH_SECONDS):
                return False
            self.bury()
        return True


def next_dead() -> tuple[int, int] | None:
    """The process id and exit code of a child that has ended, if there is one."""
    try:
        pid, status = os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return None
    return (pid, os.waitstatus_to_exitcode(status)) if pid else None
