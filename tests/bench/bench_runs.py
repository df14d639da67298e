"""Completed runs of five light steps by one worker, against a bare RQ SimpleWorker's no-ops.

Both find their work waiting in a Valkey of their own and are timed from the word go until the last
piece is done: for a run that is its final state in the database, journal included.
"""

import subprocess
import sys
import time

from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from core import config
from tests.bench.bench_github import BARE_WORKER, NO_OP, let_work
from tests.bench.own_app import both_databases, own_app
from tests.openbuild import ROOT
from tests.servers import Valkey

RUNS = 600
WORKER = """
import sys
from app import create_app
from core import config
from worker import RunWorker
names = ("OPENBUILD_HOME", "OPENBUILD_REDIS_URL", "OPENBUILD_DATABASE_URL")
config.use(config.load(dict(zip(names, sys.argv[1:]))))
app = create_app()
print("ready", flush=True)
sys.stdin.readline()
RunWorker(app, "bench").work(burst=True)
"""
STEPS = [
    {"id": "a", "type": "compose", "inputs": {"value": {"n": "{{ trigger.n + 1 }}"}}},
    {"id": "b", "type": "compose", "inputs": {"value": "{{ steps.a.n | default(0) }}"}},
    {"id": "c", "type": "set_variables", "inputs": {"values": {"x": "{{ steps.b }}"}}},
    {"id": "d", "type": "compose", "inputs": {"value": "{{ vars.x * 2 }}"}},
    {"id": "e", "type": "return_data", "inputs": {"body": {"ok": "{{ steps.d }}"}}},
]


def measure():
    """How many times as long as a bare no-op a whole run takes; below 1 is faster."""
    bare = seconds_of_no_ops() / RUNS
    parts = [part("a no-op of a bare RQ worker", bare, bare)]
    with both_databases() as databases:
        for name, database in databases.items():
            run = seconds_of_runs(**database) / RUNS
            parts.append(part(f"a run of 5 steps, {name}", run, bare))
    return {"name": "runs", "ratio": parts[1]["ratio"], "parts": parts}


def part(name, took, bare):
    return {"name": name, "ratio": took / bare, "microseconds": took * 1e6, "per_second": 1 / took}


def seconds_of_no_ops():
    server = Valkey()
    server.start()
    try:
        queue = Queue("bare", connection=Redis.from_url(server.url), serializer=JSONSerializer)
        for _ in range(RUNS):
            queue.enqueue(NO_OP)
        return seconds_of([BARE_WORKER, server.url])
    finally:
        server.close()


def seconds_of_runs(**database):
    server = Valkey()
    server.start()
    try:
        with own_app(server.url, **database):
            prepare_runs()
            given = config.current()
            took = seconds_of([WORKER, str(given.home), server.url, given.database_url])
            assert succeeded() == RUNS
            return took
    finally:
        server.close()


def prepare_runs():
    """Runs that wait for a worker."""
    from core.runtime.runs import NewRun, start
    from tests.factories import make_workflow

    workflow = make_workflow(*STEPS)
    version = workflow.published
    for n in range(RUNS):
        start(NewRun(workflow, version, "manual", {"n": n}))


def succeeded():
    from core.storage.db import db
    from core.storage.run import Run

    return db.session.scalar(db.select(db.func.count()).where(Run.state == "succeeded"))


def seconds_of(words):
    """From the word go until the worker has nothing left to do."""
    worker = subprocess.Popen(
        [sys.executable, "-c", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
    )
    assert worker.stdout.readline() == "ready\n"
    began = time.perf_counter()
    let_work([worker])
    return time.perf_counter() - began
