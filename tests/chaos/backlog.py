"""Accept a crowd of calls, kill everything at once while it is under way, start again, and count.

Web, workers, scheduler, Valkey and the supervisor die of `kill -9` in one go, as soon as the last
call was accepted; a database of its own stays. Each accepted run must end after the start, and
nothing may happen again under another key.
"""

import os
import signal
import time

from tests.chaos import kills
from tests.chaos.callers import call_all
from tests.chaos.own import own_openbuild
from tests.chaos.sink import Sink
from tests.openbuild import all_processes
from tests.waiting import wait_until

CALLS = 500
SINK_PAUSE = 1.0  # seconds, twice in each run: most have not ended when the last call is accepted
AT_MOST = {"nothing_under_way": 0}
STATES = "SELECT state, count(*) FROM run GROUP BY state"
LAST_END = "SELECT max(finished_at) FROM run"


def measure(calls=CALLS, database="sqlite"):
    """Counts by name; `lost`, `stuck`, `missing`, `wrong_key` and `miscounted` must be 0."""
    with Sink(pause=SINK_PAUSE) as sink, own_openbuild(database) as openbuild:
        return experiment(openbuild, sink, calls)


def experiment(openbuild, sink, calls):
    allowed = {"OPENBUILD_ALLOWED_HOSTS_OUT": sink.address}
    openbuild.up(**allowed)
    accepted = call_all(openbuild, kills.prepare(openbuild, sink), calls)
    killed = kill_everything(openbuild)
    before, began = dict(kills.ask(openbuild, STATES)), time.time()
    openbuild.up(**allowed)
    ready = time.time() - began
    unfinished = kills.drain(openbuild)
    ended, under_way, queued = (before.get(each, 0) for each in ("succeeded", "running", "queued"))
    return {
        "accepted": len(accepted),
        "processes_killed": killed,
        "ended_when_killed": ended,
        "under_way_when_killed": under_way,
        "nothing_under_way": int(not under_way),
        "queued_when_killed": queued,
        "ended_afterwards": dict(kills.ask(openbuild, STATES)).get("succeeded", 0) - ended,
        "stuck": unfinished,
        **kills.judge(openbuild, sink, accepted),
        "seconds_until_ready": ready,
        "seconds_until_all_had_ended": kills.ask(openbuild, LAST_END)[0][0] - began,
    }


def kill_everything(openbuild):
    """How many processes there were; the supervisor goes last, and starts none again."""
    supervisor = openbuild.process.pid
    pids = sorted(openbuild.processes().values(), key=supervisor.__eq__)
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    openbuild.process.wait()
    wait_until(lambda: not set(pids) & {pid for pid, *_ in all_processes()})
    return len(pids)
