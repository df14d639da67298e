"""A process that is told to end does, whatever it was in the middle of."""

import subprocess
import sys

from tests.openbuild import ROOT

IN_THE_MIDDLE = """
import os, signal, sys, time
import worker

worker.stop_on_signals()
with worker.stopping.event._cond:  # as while the main thread begins or ends to wait
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(0.1)
sys.exit(not worker.stopping.event.wait(10))
"""


def test_a_signal_in_the_middle_of_waiting_ends_the_wait():
    told = subprocess.run([sys.executable, "-c", IN_THE_MIDDLE], cwd=ROOT, timeout=30)

    assert told.returncode == 0
