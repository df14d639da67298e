"""Kill and freeze schedulers that share schedules, one with a wrong clock, then count due times.

Five schedulers look after schedules of every policy that are due every few seconds. Each due time
must have started one run, or be counted as the schedule's policy says; none may start before its
time. On PostgreSQL, where there is `faketime`, a sixth one's clock is an hour ahead; SQLite has no
clock but the machine's.
"""

import contextlib
import itertools
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import psycopg

from tests.chaos import kills
from tests.chaos.own import own_openbuild, publish, running
from tests.openbuild import ROOT
from tests.servers import Valkey

SECONDS = 120
HARM_EVERY = 1.0  # seconds
HOW_MANY = 5
HARMS = ("kill", "kill", "freeze", "thaw")
GROUP = Path(__file__).with_name("scheduler_group.py")
# Of each schedule: what becomes of missed times, what if the last run still goes, every how many s.
POLICIES = itertools.product(("run_all", "run_once", "skip"), ("allow", "queue", "skip", "replace"))
SCHEDULES = tuple((*each, 2 + number % 4) for number, each in enumerate(POLICIES))
WORKFLOW = """
openbuild: 1
workflow: due_%(number)s
triggers:
  schedules:
    - {key: often, every: %(every)ss, missed: %(missed)s, overlap: %(overlap)s}
steps:
  - {id: pause, type: wait, inputs: {for: 1500ms}}
"""
TOLD = """
SELECT workflow.name, schedule.starts_at, schedule.next_at, missed_count, skipped_count
FROM schedule JOIN workflow ON workflow.id = schedule.workflow_id
"""
FIRED = """
SELECT workflow.name, run.due_at, count(*), min(run.started_at)
FROM run JOIN workflow ON workflow.id = run.workflow_id GROUP BY workflow.name, run.due_at
"""
PAUSED = "UPDATE workspace SET schedules_paused_at = 1, schedules_paused_by = 'chaos'"


def measure(seconds=SECONDS, database="sqlite"):
    """Counts by name; `doubled`, `missed`, `early`, `stuck` and `broken_rules` must be 0."""
    with own_openbuild(database) as openbuild, running(Valkey()) as valkey:
        return experiment(openbuild, {"OPENBUILD_REDIS_URL": valkey.url}, seconds)


def experiment(openbuild, told, seconds):
    with Site(openbuild, told) as site:
        apply(openbuild)
        site.begin()
        harms = site.harm(seconds)
        change(openbuild, PAUSED)
        unfinished = kills.drain(openbuild)
    skewed = site.skewed is not None
    return judge(openbuild) | harms | {"stuck": unfinished, "wrong_clocks": int(skewed)}


def apply(openbuild):
    """Publish a workflow for each schedule."""
    texts = []
    for number, (missed, overlap, every) in enumerate(SCHEDULES):
        said = {"number": number, "missed": missed, "overlap": overlap, "every": every}
        texts.append(WORKFLOW % said)
    publish(openbuild, *texts)


class Site:
    """The schedulers, and a worker for what they start."""

    def __init__(self, openbuild, told):
        self.openbuild, self.told = openbuild, told
        self.processes, self.skewed = [], None

    def begin(self):
        self.start("work")
        self.group = self.run([sys.executable, str(GROUP), str(HOW_MANY)], stdin=subprocess.PIPE)
        assert self.group.stdout.readline() == "started\n"
        if self.openbuild.database_url and (faketime := shutil.which("faketime")):
            self.skewed = self.start("schedule", before=[faketime, "-f", "+1h"])

    def start(self, kind, before=()):
        command = [sys.executable, "-P", "-m", "blueprints.cli", kind]
        return self.run([*before, *command])

    def run(self, command, **more):
        with self.openbuild.log.open("a") as log:
            output = {"stdout": subprocess.PIPE if more else log, "stderr": log, "text": True}
            more |= {"env": self.openbuild.environment(**self.told), "start_new_session": True}
            process = subprocess.Popen(command, cwd=ROOT, **output, **more)
        self.processes.append(process)
        return process

    def harm(self, seconds):
        """Do something to one scheduler after the other for so long; what was done how often."""
        counted, until = dict.fromkeys(HARMS, 0), time.monotonic() + seconds
        while time.monotonic() < until:
            time.sleep(HARM_EVERY * random.uniform(0.5, 1.5))
            what = random.choice(HARMS)
            self.tell(what)
            counted[what] += 1
        self.tell("thaw")
        return {"kills": counted["kill"], "times_frozen": counted["freeze"]}

    def tell(self, what):
        self.group.stdin.write(f"{what}\n")
        self.group.stdin.flush()
        assert self.group.stdout.readline() == "done\n"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            if process.stdin:
                process.communicate()  # it ends with its schedulers when nothing more is said
            else:
                os.killpg(process.pid, signal.SIGKILL)  # faketime runs its program beside itself
                process.wait()


def judge(openbuild):
    """Compare the due times that there were with the runs that were started, by schedule."""
    fired = {}
    for name, due_at, many, started_at in kills.ask(openbuild, FIRED):
        fired.setdefault(name, []).append((due_at, many, started_at))
    found = Counter()
    for name, starts_at, next_at, missed, skipped in kills.ask(openbuild, TOLD):
        policy, _, every = SCHEDULES[int(name.removeprefix("due_"))]
        times = set(range(round(starts_at) + every, round(next_at), every))
        runs = fired.get(name, [])
        started = {round(due_at) for due_at, _, _ in runs}
        uncounted = len(times - started) - missed - skipped
        found["due"] += len(times)
        found["fired"] += len(started)
        found["doubled"] += sum(many - 1 for _, many, _ in runs) + len(started - times)
        found["missed"] += abs(uncounted) + (missed if policy == "run_all" else 0)
        found["passed_over_by_policy"] += missed
        found["skipped_while_busy"] += skipped
        found["early"] += sum(began < due_at for due_at, _, began in runs if began)
    return dict(found) | {"broken_rules": kills.count_broken_rules(openbuild)}


def change(openbuild, statement):
    if openbuild.database_url:
        with psycopg.connect(openbuild.database_url) as connection:
            connection.execute(statement)
        return
    with contextlib.closing(sqlite3.connect(openbuild.home / "openbuild.db", timeout=30)) as file:
        file.execute(statement)
        file.commit()
