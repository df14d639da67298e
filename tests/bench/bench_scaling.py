"""What one machine does: calls of light and of slow runs, by database and number of workers.

A whole openBuild with full durability: callers who don't wait, the web process, workers. Light runs
have three steps that only compute; slow ones wait for another service for 300 ms. Timed from the
first call until the last run has ended. Also how long a caller waits for a light run's answer.
"""

import http.client
import json
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path

from tests.chaos import kills
from tests.chaos.sink import Sink
from tests.openbuild import Openbuild
from tests.servers import PostgreSQL

LIGHT, SLOW, AWAITED = 1000, 300, 100  # calls
CALLERS = 8
SERVICE_SECONDS = 0.3
KINDS = [("SQLite", 1), ("SQLite", 2), ("PostgreSQL", 1), ("PostgreSQL", 2), ("PostgreSQL", 4)]
WORKFLOWS = """
openbuild: 1
workflow: light
triggers: {endpoint: {exposed: true, reply: %(reply)s}}
steps:
  - {id: a, type: compose, inputs: {value: {n: "{{ trigger.body.n + 1 }}"}}}
  - {id: b, type: set_variables, inputs: {values: {x: "{{ steps.a.n * 2 }}"}}}
  - {id: c, type: return_data, inputs: {body: {ok: "{{ vars.x }}"}}}
---
openbuild: 1
workflow: awaited
triggers: {endpoint: {exposed: true}}
steps:
  - {id: a, type: return_data, inputs: {body: {ok: true}}}
---
openbuild: 1
workflow: slow
triggers: {endpoint: {exposed: true, reply: immediate}}
steps:
  - {id: a, type: call_api, inputs: {method: POST, url: "http://%(sink)s/", body: {}}}
"""


def measure():
    """All kinds; the ratio is what a second and a third worker bring for slow runs."""
    parts = [each for kind in KINDS for each in measure_kind(*kind)]
    slow = [each["per_second"] for each in parts if each["name"].endswith("slow runs")]
    for each in parts:
        each["ratio"] = each["per_second"] / slow[0]
    return {"name": "scaling", "ratio": slow[-1] / slow[0], "parts": parts}


def measure_kind(database, workers):
    title = f"{database}, {workers} worker{'s' * (workers > 1)}"
    with started(database, workers) as (openbuild, key):
        accepting, light = timed_calls(openbuild, key, "light", LIGHT)
        _, slow = timed_calls(openbuild, key, "slow", SLOW)
        waits = sorted(call_in_turn(openbuild, key, AWAITED))
    return [
        part(f"{title}: calls accepted", accepting / LIGHT),
        part(f"{title}: light runs", light / LIGHT),
        part(f"{title}: slow runs", slow / SLOW),
        part(f"{title}: an awaited answer, median", waits[len(waits) // 2]),
        part(f"{title}: the slowest of 20", waits[len(waits) * 19 // 20]),
    ]


def part(name, took):
    return {"name": name, "per_second": 1 / took, "microseconds": took * 1e6}


@contextmanager
def started(database, workers):
    """An openBuild of its own with the workflows, and a key."""
    server = PostgreSQL() if database == "PostgreSQL" else None
    with Sink(pause=SERVICE_SECONDS) as sink, tempfile.TemporaryDirectory() as folder:
        if server:
            server.start(is_durable=True)
            server.run("createdb", "-h", server.folder, "-U", "openbuild", "bench")
        openbuild = Openbuild(Path(folder) / "var", server.url("bench") if server else "")
        try:
            openbuild.up("--workers", str(workers), OPENBUILD_ALLOWED_HOSTS_OUT=sink.address)
            yield openbuild, prepare(openbuild, sink)
        finally:
            openbuild.close()
            if server:
                server.close()


def prepare(openbuild, sink):
    texts = (WORKFLOWS % {"sink": sink.address, "reply": "immediate"}).split("---\n")
    files = [openbuild.home.parent / f"{number}.yaml" for number in range(len(texts))]
    for file, text in zip(files, texts, strict=True):
        file.write_text(text)
    allowed = {"OPENBUILD_ALLOWED_HOSTS_OUT": sink.address}
    told = openbuild.run("workflows", "apply", *map(str, files), "--publish", **allowed)
    assert told.returncode == 0, told.stderr
    return openbuild.run("tokens", "create", "--name", "bench").stdout.strip()


def timed_calls(openbuild, key, name, count):
    """Seconds until the last call was accepted, and until the last run had ended."""
    began = time.monotonic()
    threads = [
        threading.Thread(target=call_often, args=(openbuild, key, name, count // CALLERS, 202))
        for _ in range(CALLERS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    accepted = time.monotonic() - began
    while kills.ask(openbuild, kills.UNFINISHED)[0][0]:
        time.sleep(0.02)
    return accepted, time.monotonic() - began


def call_in_turn(openbuild, key, count):
    return call_often(openbuild, key, "awaited", count, 200)


def call_often(openbuild, key, name, count, expected):
    """Call again and again on one connection; how long each call took."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    line, took = http.client.HTTPConnection("127.0.0.1", openbuild.port), []
    for number in range(count):
        began = time.monotonic()
        line.request("POST", f"/api/1.1/wf/{name}", json.dumps({"n": number}), headers)
        answer = line.getresponse()
        answer.read()
        assert answer.status == expected, answer.status
        took.append(time.monotonic() - began)
    line.close()
    return took
