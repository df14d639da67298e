"""Fill the disk under calls, make room again, several times; then count. Needs root, for a tmpfs.

While it is full callers may hear 202 or 503 and nothing else, nothing accepted may be lost, the
database stays whole, and calls must be taken again by themselves.
"""

import contextlib
import os
import subprocess
import tempfile
from pathlib import Path

from tests.chaos import kills
from tests.chaos.callers import Callers
from tests.chaos.sink import Sink
from tests.openbuild import Openbuild
from tests.waiting import wait_until

TIMES = 3
FULL_SECONDS = 20
BETWEEN_SECONDS = 5
SIZE = 64 * 1024 * 1024
CHUNK = 64 * 1024
LAST_CRUMBS = 512


def is_possible():
    """Whether this user may mount a small disk of memory."""
    if os.getuid():
        return False
    try:
        with tempfile.TemporaryDirectory() as folder, small_disk(Path(folder)):
            return True
    except OSError:
        return False


@contextlib.contextmanager
def small_disk(folder):
    """A disk of its own at that folder."""
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", folder], capture_output=True
    )
    if made.returncode:
        raise OSError(made.stderr.decode())
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def measure(times=TIMES, full_seconds=FULL_SECONDS):
    """Counts by name; `lost`, `stuck`, `other_answers`, `damaged` and the effects' must be 0."""
    with Sink() as sink, tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "var"
        home.mkdir()
        with small_disk(home):
            openbuild = Openbuild(home)
            try:
                return experiment(openbuild, sink, times, full_seconds)
            finally:
                openbuild.close()


def experiment(openbuild, sink, times, full_seconds):
    openbuild.up(OPENBUILD_ALLOWED_HOSTS_OUT=sink.address)
    callers = Callers(openbuild, kills.prepare(openbuild, sink))
    healed, ballast = [], openbuild.home / "ballast"
    with callers:
        for _ in range(times):
            callers.wait_for_more()
            refused = callers.refused
            fill(ballast)
            wait_until(lambda refused=refused: callers.refused > refused, 30)
            callers.pause(full_seconds)
            ballast.unlink()
            healed.append(callers.wait_for_any())
            callers.pause(BETWEEN_SECONDS)
    unfinished = kills.drain(openbuild)
    return {
        "accepted": len(callers.accepted),
        "refused_with_503": callers.refused,
        "other_answers": callers.others,
        "times_full": times,
        "stuck": unfinished,
        **kills.judge(openbuild, sink, callers.accepted),
        "damaged": int(kills.ask(openbuild, "PRAGMA integrity_check") != [("ok",)]),
        "slowest_answer_seconds": callers.slowest,
        "healed_after_seconds": max(healed),
    }


def fill(file):
    """Write until not a byte more fits."""
    with file.open("wb", buffering=0) as out:
        for size in (CHUNK, LAST_CRUMBS, 1):
            with contextlib.suppress(OSError):
                while True:
                    out.write(bytes(size))
