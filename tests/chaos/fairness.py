"""One workflow queues thousands of runs, another starts one now and then: how long does that take?

The crowd's runs wait for a slow service, so that they pile up behind a worker whose hands are all
full. Of the others it counts how long each takes from its acceptance to its end, as the database
tells it; only those count that came while there was a crowd in line.
"""

import threading
import time

from core.runtime.fairness import CROWD
from tests.chaos import figures, kills
from tests.chaos.callers import call_all, call_until_accepted
from tests.chaos.own import new_key, own_openbuild, publish
from tests.chaos.sink import Sink

RUNS = 3000  # of the crowd
EVERY = 0.5  # seconds between two of the others
SINK_PAUSE = 1.0  # seconds that each run of the crowd keeps a hand: 32 go a second, and more come
AT_MOST = {"p95_seconds": 2, "no_crowd": 0}
CROWDED = """
openbuild: 1
workflow: crowd
triggers: {endpoint: {exposed: true, reply: immediate}}
steps:
  - {id: slow, type: call_api, inputs: {method: PUT, url: "http://%s/crowd", body: {}}}
"""
SINGLE = """
openbuild: 1
workflow: single
triggers: {endpoint: {exposed: true, reply: immediate}}
steps:
  - {id: answer, type: return_data, inputs: {body: {n: "{{ trigger.body.n }}"}}}
"""
QUEUED = "SELECT count(*) FROM run WHERE state = 'queued'"
TOOK = """
SELECT run.id, run.finished_at - run.created_at
FROM run JOIN workflow ON workflow.id = run.workflow_id
WHERE workflow.name = 'single'
"""


def measure(runs=RUNS, database="sqlite"):
    """Counts by name; nothing may be lost, and 95 of 100 of the others end within 2 s."""
    with Sink(pause=SINK_PAUSE) as sink, own_openbuild(database) as openbuild:
        return experiment(openbuild, sink, runs)


def experiment(openbuild, sink, runs):
    allowed = {"OPENBUILD_ALLOWED_HOSTS_OUT": sink.address}
    openbuild.up("--workers", "1", **allowed)
    publish(openbuild, CROWDED % sink.address, SINGLE, **allowed)
    key, accepted, began = new_key(openbuild), {}, time.monotonic()
    told = {"workflow": "crowd", "accepted": accepted}
    queueing = threading.Thread(target=call_all, args=(openbuild, key, runs), kwargs=told)
    queueing.start()
    singles = call_beside(openbuild, key, queueing)
    unfinished = kills.drain(openbuild)
    states = dict(kills.ask(openbuild, "SELECT id, state FROM run"))
    took = dict(kills.ask(openbuild, TOOK))
    crowded = [took[run] for run, line in singles.items() if line >= CROWD and took[run]]
    return {
        "crowd": len(accepted),
        "longest_line": max(singles.values()),
        "others": len(singles),
        "others_while_there_was_a_crowd": len(crowded),
        "no_crowd": int(not crowded),
        "stuck": unfinished,
        "lost": sum(states[run] != "succeeded" for run in [*accepted.values(), *singles]),
        "missing": len(accepted) - len(sink.keys),
        "broken_rules": kills.count_broken_rules(openbuild),
        "median_seconds": figures.quantile(crowded, 0.5),
        "p95_seconds": figures.quantile(crowded, 0.95),
        "slowest_seconds": max(crowded, default=0.0),
        "seconds": time.monotonic() - began,
    }


def call_beside(openbuild, key, queueing):
    """Start one of the others now and then until the crowd is through: each with the line then."""
    singles = {}
    while (line := kills.ask(openbuild, QUEUED)[0][0]) or queueing.is_alive():
        number = f"single-{len(singles)}"
        singles[call_until_accepted(openbuild, key, number, workflow="single")] = line
        time.sleep(EVERY)
    return singles
