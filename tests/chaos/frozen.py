"""Let workers stand still under calls, some for longer than their lease lasts, then count.

Each worker is stopped and let go on by itself, at random, as a machine that is out of memory or
suspended does it: now one stands still, now all. What it held goes on elsewhere when its lease is
over, and what it writes when it moves again must be refused. On SQLite one that is stopped in the
middle of writing keeps all others from writing until then.
"""

import os
import random
import signal
from functools import partial

from core.runtime.leases import LEASE
from tests.chaos import kills
from tests.chaos.beside import Beside
from tests.chaos.callers import Callers
from tests.chaos.own import own_openbuild
from tests.chaos.sink import Sink

SECONDS = 90
WORKERS = 3
SINK_PAUSE = 0.3  # seconds: long enough that runs are under way when their worker stops
AWAKE = (0.5, 2.0)  # seconds between two stops of a worker
SHORT = (0.1, 2.0)  # seconds that it stands still
LONG = (LEASE.total_seconds() + 1, LEASE.total_seconds() + 4)
LONG_SHARE = 1 / 5
REFUSED = "held by another process"  # what a holder says whose run was taken from it


def measure(seconds=SECONDS, database="sqlite"):
    """Counts by name; nothing may be lost or stuck, and no late write be taken."""
    with Sink(pause=SINK_PAUSE) as sink, own_openbuild(database) as openbuild:
        return experiment(openbuild, sink, seconds)


def experiment(openbuild, sink, seconds):
    openbuild.up("--workers", str(WORKERS), OPENBUILD_ALLOWED_HOSTS_OUT=sink.address)
    callers = Callers(openbuild, kills.prepare(openbuild, sink))
    with Freezer(openbuild) as freezer, callers:
        callers.pause(seconds)
    unfinished = kills.drain(openbuild)
    return {
        "accepted": len(callers.accepted),
        "refused_with_503": callers.refused,
        "other_answers": callers.others,
        "times_frozen": freezer.short + freezer.long,
        "for_longer_than_the_lease": freezer.long,
        "stuck": unfinished,
        **kills.judge(openbuild, sink, callers.accepted),
        "late_writes_refused": openbuild.said.count(REFUSED),
        "slowest_answer_seconds": callers.slowest,
    }


class Freezer(Beside):
    """Stops each worker again and again while the block lasts; at its end all go on."""

    def __init__(self, openbuild):
        self.short = self.long = 0
        named = openbuild.processes().items()
        workers = [pid for name, pid in named if name.startswith("openbuild: worker")]
        super().__init__(*(partial(self.harm, pid) for pid in workers))

    def harm(self, pid):
        while not self.over.wait(random.uniform(*AWAKE)):
            is_long = random.random() < LONG_SHARE
            os.kill(pid, signal.SIGSTOP)
            try:
                self.over.wait(random.uniform(*(LONG if is_long else SHORT)))
            finally:
                os.kill(pid, signal.SIGCONT)
            self.long += is_long
            self.short += not is_long
