"""Long runs, beside one commit of a plain table's rows of the same number in SQLite.

40 light steps in order, a loop over 1,000 and over 10,000 items, and 5 MB through five steps. Timed
from the claim to the final state, journal included and durable as shipped, in this process.
"""

import json
import sqlite3
import tempfile
import time
from pathlib import Path

from core import config
from tests.bench.own_app import both_databases, own_app
from tests.servers import Valkey

IN_ORDER, FEW, MANY = 40, 1_000, 10_000
BIG = 5_000_000  # bytes
ROUNDS = 3


def measure():
    """How many times as long as the plain rows a loop over the most items takes."""
    server = Valkey()
    server.start()
    try:
        parts = []
        with both_databases() as databases:
            for name, database in databases.items():
                with own_app(server.url, **database):
                    parts += measure_on(name)
    finally:
        server.close()
    return {"name": "loops", "ratio": parts[2]["ratio"], "parts": parts}


def measure_on(database):
    items = {count: {"items": list(range(count))} for count in (FEW, MANY)}
    work = [
        (f"{IN_ORDER} steps in order", in_order(IN_ORDER), {"n": 1}, IN_ORDER),
        (f"a loop over {FEW} items", [loop()], items[FEW], FEW),
        (f"a loop over {MANY} items", [loop()], items[MANY], MANY),
        (f"{BIG} bytes through 5 steps", carried(), {"n": "x" * BIG}, 5),
    ]
    return [part(f"{database}: {name}", *more) for name, *more in work]


def compose(key, value):
    return {"id": key, "type": "compose", "inputs": {"value": value}}


def in_order(count):
    return [compose(f"s{number}", "{{ trigger.n + 1 }}") for number in range(count)]


def loop():
    inputs = {"list": "{{ trigger.items }}"}
    body = {"key": "body", "steps": [compose("each", "{{ item * 2 }}")]}
    return {"id": "loop", "type": "for_each", "inputs": inputs, "branches": [body]}


def carried():
    rest = [compose(f"s{number}", f"{{{{ steps.s{number - 1} }}}}") for number in range(1, 5)]
    return [compose("s0", "{{ trigger.n }}"), *rest]


def part(name, steps, trigger, rows):
    from tests.factories import make_workflow

    workflow = make_workflow(*steps)
    took = min(seconds_of(workflow, trigger) for _ in range(ROUNDS))
    bare = min(seconds_of_rows(trigger, rows) for _ in range(ROUNDS))
    return {"name": name, "ratio": took / bare, "microseconds": took * 1e6, "per_second": 1 / took}


def seconds_of(workflow, trigger):
    from core.runtime.advance import advance_run
    from core.runtime.runs import NewRun, start
    from core.storage.db import db
    from core.storage.run import Run

    run_id = start(NewRun(workflow, workflow.published, "manual", trigger)).id
    began = time.perf_counter()
    advance_run(run_id)
    took = time.perf_counter() - began
    db.session.expire_all()
    state = db.session.get(Run, run_id).state
    assert state == "succeeded", state
    return took


def seconds_of_rows(trigger, rows):
    """The trigger and a row for each step or item, in one durable commit."""
    with tempfile.TemporaryDirectory(dir=config.current().home) as folder:
        plain = sqlite3.connect(Path(folder) / "plain.db")
        plain.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;")
        plain.execute("CREATE TABLE entries (position INTEGER PRIMARY KEY, content TEXT)")
        began = time.perf_counter()
        written = [(0, json.dumps(trigger))]
        written += [(place, json.dumps({"output": place})) for place in range(1, rows + 1)]
        plain.executemany("INSERT INTO entries VALUES (?, ?)", written)
        plain.commit()
        took = time.perf_counter() - began
        plain.close()
        return took
