"""Calls of a whole openBuild, beside a bare Flask on the same server, on SQLite and PostgreSQL.

Acknowledged calls: the run is on the disk before the 202, and a worker carries the runs out
meanwhile; beside a route that stores the body durably in such a database and enqueues a job.
Awaited answers of three light steps at 1, 16 and 64 connections; beside a route that answers JSON.
They take turns.
"""

import json
import subprocess
import sys
import tempfile
from contextlib import contextmanager

from tests.bench.bench_scaling import started
from tests.openbuild import ROOT, free_port
from tests.servers import Valkey
from tests.waiting import wait_until

ACKNOWLEDGED, AWAITED = 2400, 960  # calls
ROUNDS = 3
CONNECTIONS = (1, 16, 64)
DATABASES = ("SQLite", "PostgreSQL")
BODY = {"n": 41, "email": "mara@example.org", "lines": [{"sku": "a", "count": 2}]}
STEPS = """
openbuild: 1
workflow: three
triggers: {endpoint: {exposed: true}}
steps:
  - {id: a, type: compose, inputs: {value: {n: "{{ trigger.body.n + 1 }}"}}}
  - {id: b, type: set_variables, inputs: {values: {x: "{{ steps.a.n * 2 }}"}}}
  - {id: c, type: return_data, inputs: {body: {ok: "{{ vars.x }}"}}}
"""
BARE = """
import json, sqlite3, sys, threading
from flask import Flask, request
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer
from blueprints.cli.supervision import web_server

home, redis, port, postgresql = sys.argv[1:]
app, local = Flask("bare"), threading.local()
queue = Queue("bare", connection=Redis.from_url(redis), serializer=JSONSerializer)
insert = "INSERT INTO bare_call (body) VALUES (%s)" % ("%s" if postgresql else "?")
number = "BIGINT GENERATED ALWAYS AS IDENTITY" if postgresql else "INTEGER"

def connect():
    if postgresql:
        import psycopg
        return psycopg.connect(postgresql, autocommit=True)
    connection = sqlite3.connect(home + "/bare.db", isolation_level=None, timeout=30)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    return connection

def database():
    if not hasattr(local, "connection"):
        local.connection = connect()
    return local.connection

@app.post("/stored")
def stored():
    database().execute(insert, [json.dumps(request.get_json())])
    queue.enqueue("builtins.print")
    return {"status": "success"}, 202

@app.post("/answered")
def answered():
    return {"ok": (request.get_json()["n"] + 1) * 2}

database().execute(f"CREATE TABLE bare_call (id {number} PRIMARY KEY, body TEXT)")
web_server.serve(web_server.listen("127.0.0.1", int(port)), app)
"""


def measure():
    """How many acknowledged calls a second there are for one of a bare Flask; more is faster."""
    parts = [part for database in DATABASES for part in measure_on(database)]
    return {"name": "calls", "ratio": parts[1]["ratio"], "parts": parts}


def measure_on(database):
    with (
        started(database, workers=1) as (openbuild, key),
        bare(openbuild.database_url) as bare_address,
    ):
        publish(openbuild)
        headers = {"Authorization": f"Bearer {key}"}

        def in_turn(path, bare_path, connections, expected, count):
            """Ours and the bare ones by turns: no machine is as fast now as in a minute."""
            each = (count // ROUNDS, {"connections": connections, "expected": expected})
            ours, bares = [], []
            for _ in range(ROUNDS):
                bares.append(load(bare_address, bare_path, *each))
                ours.append(load(openbuild.port, path, *each, headers))
                wait_until(lambda: unfinished(openbuild) == 0, 120)
            return merged(ours), merged(bares)

        acks, stored = in_turn("/api/1.1/wf/light", "/stored", 16, 202, ACKNOWLEDGED)
        parts = [
            compared(f"{database}: bare, stored and enqueued, 16 at a time", stored, stored),
            compared(f"{database}: acknowledged, 16 at a time", acks, stored),
        ]
        for connections in CONNECTIONS:
            path, name = "/api/1.1/wf/three", f"{connections} at a time"
            told, answered = in_turn(path, "/answered", connections, 200, AWAITED)
            parts.append(compared(f"{database}: bare, answered, {name}", answered, answered))
            parts.append(compared(f"{database}: awaited, {name}", told, answered))
    return parts


def merged(told):
    """Several measurements as one."""
    took = sorted(each for one in told for each in one["took"])
    return {"seconds": sum(one["seconds"] for one in told), "took": took}


def publish(openbuild):
    file = openbuild.home.parent / "three.yaml"
    file.write_text(STEPS)
    told = openbuild.run("workflows", "apply", str(file), "--publish")
    assert told.returncode == 0, told.stderr


def unfinished(openbuild):
    from tests.chaos import kills

    return kills.ask(openbuild, kills.UNFINISHED)[0][0]


def load(port, path, count, how, headers=None):
    given = {
        "host": "127.0.0.1",
        "port": port,
        "path": path,
        "body": BODY,
        "headers": headers or {},
        "count": count,
        **how,
    }
    command = [sys.executable, "-m", "tests.bench.loading"]
    warm = {**given, "count": 2 * how["connections"]}
    subprocess.run([*command, json.dumps(warm)], cwd=ROOT, check=True, capture_output=True)
    told = subprocess.run([*command, json.dumps(given)], cwd=ROOT, check=True, capture_output=True)
    told = json.loads(told.stdout)
    assert not told["wrong"], told["wrong"][:5]
    return told


def compared(name, told, bare):
    return part(name, told, bare["seconds"] / told["seconds"])


def part(name, told, ratio):
    took = told["took"]
    median, slow = (took[len(took) * place // 100] * 1000 for place in (50, 99))
    name = f"{name}: p50 {median:.1f} ms, p99 {slow:.1f} ms"
    seconds = told["seconds"] / len(took)
    return {
        "name": name,
        "ratio": ratio,
        "microseconds": seconds * 1e6,
        "per_second": 1 / seconds,
    }


@contextmanager
def bare(postgresql):
    """A Flask that does the least, on the same server and with the same kind of database."""
    server, port = Valkey(), free_port()
    server.start()
    with tempfile.TemporaryDirectory(prefix="openbuild-bench-") as home:
        words = [sys.executable, "-c", BARE, home, server.url, str(port), postgresql]
        process = subprocess.Popen(words, cwd=ROOT, stderr=subprocess.DEVNULL)
        try:
            wait_until(lambda: answers(port), 30)
            yield port
        finally:
            process.kill()
            process.wait()
            server.close()


def answers(port):
    import socket

    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", port)) == 0
