"""Among good runs there are some that kill their worker each time: they are set aside, others not.

No step can kill a process, so that is done from outside: whoever holds a poisonous run is killed.
The same load without poison is measured before. Good runs that a killed worker held begin again,
which is what they pay for the company.
"""

import contextlib
import os
import signal
import threading
import time
from pathlib import Path

from tests.chaos import figures, kills
from tests.chaos.beside import Beside
from tests.chaos.callers import CALLERS, call_all
from tests.chaos.own import new_key, own_openbuild, publish
from tests.chaos.sink import Sink

RUNS = 600  # good ones, and as many in the measure before
POISONOUS = 20
PAUSE = 0.15  # seconds between a caller's calls
SINK_PAUSE = 0.2  # seconds that a good run is under way
TOO_LONG = 30.0  # seconds that a poisonous one would be: it is killed before
LOOK_EVERY = 0.05  # seconds
AT_MOST = {"not_set_aside": 0, "p99_seconds_beside_poison": 2}
WORKFLOW = """
openbuild: 1
workflow: %(name)s
triggers: {endpoint: {exposed: true, reply: immediate}}
steps:
  - {id: call, type: call_api, after_crash: run_again,
     inputs: {method: PUT, url: "http://%(sink)s/%(name)s", body: {}}}
"""
HOLDERS = """
SELECT DISTINCT run.worker_id FROM run JOIN workflow ON workflow.id = run.workflow_id
WHERE workflow.name = 'poison' AND run.state = 'running' AND run.worker_id IS NOT NULL
"""
ENDS = "SELECT id, state, reason, fence, finished_at - created_at FROM run"


def measure(runs=RUNS, poisonous=POISONOUS, database="sqlite"):
    """Counts by name; all poison must be set aside, and nothing else be lost."""
    with (
        Sink(pause=SINK_PAUSE) as sink,
        Sink(pause=TOO_LONG) as trap,
        own_openbuild(database) as openbuild,
    ):
        allowed = {"OPENBUILD_ALLOWED_HOSTS_OUT": f"{sink.address},{trap.address}"}
        openbuild.up(**allowed)
        called = {"before": sink, "good": sink, "poison": trap}
        texts = [WORKFLOW % {"name": name, "sink": at.address} for name, at in called.items()]
        publish(openbuild, *texts, **allowed)
        return experiment(openbuild, sink, runs, poisonous)


def experiment(openbuild, sink, runs, poisonous):
    key = new_key(openbuild)
    before = call_all(openbuild, key, runs, pause=PAUSE, workflow="before")
    kills.drain(openbuild)
    with Killer(openbuild) as killer:
        poison = {}
        poisoning = threading.Thread(
            target=call_evenly,
            args=(openbuild, key, poisonous, PAUSE * runs / CALLERS),
            kwargs={"workflow": "poison", "accepted": poison},
        )
        poisoning.start()
        good = call_all(openbuild, key, runs, pause=PAUSE, workflow="good")
        poisoning.join()
        unfinished = kills.drain(openbuild)
    found = judge(openbuild, sink, before, good, poison)
    return {"kills": len(killer.killed), "stuck": unfinished} | found


def call_evenly(openbuild, key, calls, seconds, **told):
    """Call that often in so many seconds, one call at a time and not one of each caller at once."""
    pause = seconds / calls
    starts = iter(range(CALLERS))
    call_all(
        openbuild,
        key,
        calls,
        enter=lambda: time.sleep(next(starts) * pause),
        pause=CALLERS * pause,
        **told,
    )


def judge(openbuild, sink, before, good, poison):
    """Compare what became of each, and how long the good ones took, with what it was before."""
    ends = {run: rest for run, *rest in kills.ask(openbuild, ENDS)}
    expected = {("/before", f"{run}:call") for run in before.values()}
    expected |= {("/good", f"{run}:call") for run in good.values()}
    others = [ends[run] for run in [*before.values(), *good.values()]]
    aside = [ends[run] for run in poison.values() if ends[run][:2] == ["failed", "quarantined"]]
    p99 = {
        name: figures.quantile([ends[run][3] or 0.0 for run in runs.values()], 0.99)
        for name, runs in {"before": before, "beside_poison": good}.items()
    }
    return {
        "good": len(good),
        "lost": sum(state != "succeeded" for state, *_ in others),
        "missing": len(expected - set(sink.keys)),
        "wrong_key": len(set(sink.keys) - expected),
        "begun_again": sum(fence > 1 for _, _, fence, _ in others),
        "poisonous": len(poison),
        "not_set_aside": len(poison) - len(aside),
        "broken_rules": kills.count_broken_rules(openbuild),
        **{f"p99_seconds_{name}": seconds for name, seconds in p99.items()},
    }


class Killer(Beside):
    """Kills whoever holds a poisonous run, while the block lasts."""

    def __init__(self, openbuild):
        super().__init__(self.run)
        self.openbuild = openbuild
        self.killed = set()  # names of holders

    def run(self):
        while not self.over.wait(LOOK_EVERY):
            for (holder,) in kills.ask(self.openbuild, HOLDERS):
                if holder not in self.killed and kill(int(holder.rpartition(":")[2])):
                    self.killed.add(holder)


def kill(pid):
    """Kill a worker; whether it still was one."""
    with contextlib.suppress(OSError):
        if Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"openbuild: worker"):
            os.kill(pid, signal.SIGKILL)
            return True
    return False
