"""Kill web, workers, scheduler and Valkey in turn while calls are accepted, then count.

Every accepted run must end; every effect must have happened, and under one key; what is counted
inside must be exact. Only what holds for all runs together is judged.
"""

import itertools
import os
import signal
import sqlite3
import time

import psycopg

from tests.chaos import figures
from tests.chaos.beside import Beside
from tests.chaos.callers import call_all
from tests.chaos.own import new_key, own_openbuild, publish
from tests.chaos.sink import Sink
from tests.openbuild import Openbuild

CALLS = 1000
KILL_EVERY = 1.0  # seconds
DRAIN_SECONDS = 240
LONGEST_NAME = 200
VICTIMS = (
    "openbuild: worker 1",
    "openbuild: web",
    "openbuild: worker 2",
    "valkey",
    "openbuild: scheduler",
)
WORKFLOW = """
openbuild: 1
workflow: witness
triggers:
  endpoint:
    exposed: true
    reply: immediate
steps:
  - {id: before, type: call_api, after_crash: run_again,
     inputs: {method: POST, url: "http://%(sink)s/before", body: {n: "{{ trigger.body.n }}"}}}
  - {id: count, type: increment_value, inputs: {key: counted}}
  - {id: after, type: call_api, after_crash: run_again,
     inputs: {method: POST, url: "http://%(sink)s/after", body: {n: "{{ trigger.body.n }}"}}}
  - {id: answer, type: return_data, inputs: {body: {n: "{{ trigger.body.n }}"}}}
"""


def measure(calls=CALLS, database="sqlite"):
    """Counts by name; `lost`, `stuck`, `missing`, `wrong_key` and `miscounted` must be 0."""
    with Sink() as sink, own_openbuild(database) as openbuild:
        return experiment(openbuild, sink, calls)


def experiment(openbuild, sink, calls):
    openbuild.up(OPENBUILD_ALLOWED_HOSTS_OUT=sink.address)
    key = prepare(openbuild, sink)
    killer = Killer(openbuild)
    began = time.monotonic()
    with killer:
        accepted = call_all(openbuild, key, calls)
    accepting = time.monotonic() - began
    unfinished = drain(openbuild)
    drained = time.monotonic() - began - accepting
    found = judge(openbuild, sink, accepted)
    return {
        "accepted": len(accepted),
        "kills": killer.kills,
        "stuck": unfinished,
        **found,
        "seconds_accepting": accepting,
        "seconds_draining": drained,
    }


def prepare(openbuild, sink):
    """Publish the workflow; returns a key that may call it."""
    text = WORKFLOW % {"sink": sink.address}
    publish(openbuild, text, OPENBUILD_ALLOWED_HOSTS_OUT=sink.address)
    return new_key(openbuild)


class Killer(Beside):
    """Sends SIGKILL to one process after the other while the block lasts."""

    def __init__(self, openbuild):
        super().__init__(self.run)
        self.openbuild = openbuild
        self.kills = 0

    def run(self):
        for victim in itertools.cycle(VICTIMS):
            if self.over.wait(KILL_EVERY):
                return
            pid = self.openbuild.processes().get(victim)
            if pid is not None:
                os.kill(pid, signal.SIGKILL)
                self.kills += 1


def drain(openbuild):
    """Wait until no run is unfinished; how many still are when the patience ends."""
    deadline = time.monotonic() + DRAIN_SECONDS
    while time.monotonic() < deadline:
        unfinished = ask(openbuild, UNFINISHED)[0][0]
        if not unfinished:
            return 0
        time.sleep(0.5)
    return unfinished


UNFINISHED = "SELECT count(*) FROM run WHERE state IN ('queued', 'running', 'waiting')"
ENDS = "SELECT id, state, reason, worker_id, error FROM run"
# What a holder that was presumed dead has written after its run was taken from it.
LATE = """
SELECT count(*) FROM segment earlier JOIN segment later
ON later.run_id = earlier.run_id AND later.seq > earlier.seq AND later.fence < earlier.fence
"""


def judge(openbuild, sink, accepted):
    """Compare what callers were told, what the database holds, and what the witness saw."""
    ends = {run: end for run, *end in ask(openbuild, ENDS)}
    counted = ask(openbuild, "SELECT value FROM stored_value WHERE key = 'counted'")
    runs = set(accepted.values())
    expected = {(f"/{step}", f"{run}:{step}") for run in runs for step in ("before", "after")}
    seen = set(sink.keys)
    wrong = {
        "broken_rules": broken_rules(openbuild),
        "lost": [in_words(run, ends) for run in runs if not is_well(run, ends)],
        "missing": [" ".join(key) for key in expected - seen],
        "wrong_key": [" ".join(map(str, key)) for key in seen - expected],
    }
    return {
        **figures.counted(wrong),
        "miscounted": abs(int(counted[0][0]) - len(runs)) if counted else len(runs),
        "late_writes": ask(openbuild, LATE)[0][0],
        "repeated_under_the_same_key": sum(count - 1 for count in sink.keys.values()),
        "interrupted": ask(openbuild, "SELECT count(*) FROM run WHERE fence > 1")[0][0],
    }


def is_well(run, ends):
    return run in ends and ends[run][0] == "succeeded"


def in_words(run, ends):
    """Where a run stands that has not succeeded, in one line."""
    stands = [str(each) for each in ends.get(run, ["not in the database"]) if each]
    return f"{run} {' '.join(stands)}"[:LONGEST_NAME]


def count_broken_rules(openbuild):
    return len(broken_rules(openbuild))


def broken_rules(openbuild):
    """What the doctor finds wrong with the runs themselves; a finding is a line."""
    if not isinstance(openbuild, Openbuild):
        openbuild = Openbuild(openbuild.home, openbuild.database_url)
    told = openbuild.run("doctor")
    said = told.stdout.splitlines()
    about_runs = [line for line in said if line[2:].startswith(("stuck runs", "ended runs"))]
    assert len(about_runs) == 2, told
    return [line for line in about_runs if line.startswith("!")]


def ask(openbuild, query):
    if openbuild.database_url:
        with psycopg.connect(openbuild.database_url) as connection:
            return connection.execute(query).fetchall()
    database = sqlite3.connect(f"file:{openbuild.home}/openbuild.db?mode=ro", uri=True, timeout=10)
    try:
        return database.execute(query).fetchall()
    finally:
        database.close()
