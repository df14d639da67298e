"""Put thousands of runs to sleep, let them wake within a window, and see from outside when they do.

Each run is called with the moment at which it is to wake, and then calls a witness, who keeps when
that was. While all sleep, what the processes use of a processor is measured.
"""

import time
from datetime import UTC, datetime

from tests.chaos import figures, kills
from tests.chaos.callers import call_all
from tests.chaos.own import new_key, own_openbuild, publish
from tests.chaos.sink import Sink
from tests.openbuild import cpu_seconds
from tests.waiting import wait_until

RUNS = 3000
WINDOW_SECONDS = 90
TO_FALL_ASLEEP = 0.03  # seconds that are left for each run to be called and to fall asleep
LOOK_SECONDS = 10.0  # while all are asleep
AT_MOST = {"p99_late_seconds": 5, "of_a_processor_asleep_percent": 5}
ASLEEP = "SELECT count(*) FROM run WHERE state = 'waiting'"
WORKFLOW = """
openbuild: 1
workflow: sleeper
triggers:
  endpoint:
    exposed: true
    reply: immediate
steps:
  - {id: sleep, type: wait, inputs: {until: "{{ trigger.body.until }}"}}
  - {id: woken, type: call_api, inputs: {method: PUT, url: "http://%s/woken", body: {}}}
"""


def measure(runs=RUNS, window_seconds=WINDOW_SECONDS, database="sqlite"):
    """Counts by name; `early`, `twice`, `missing` must be 0, and none may be late by much."""
    with Sink() as sink, own_openbuild(database) as openbuild:
        return experiment(openbuild, sink, runs, window_seconds)


def experiment(openbuild, sink, runs, window_seconds):
    allowed = {"OPENBUILD_ALLOWED_HOSTS_OUT": sink.address}
    openbuild.up(**allowed)
    publish(openbuild, WORKFLOW % sink.address, **allowed)
    first = time.time() + runs * TO_FALL_ASLEEP + LOOK_SECONDS
    due = [first + window_seconds * number / runs for number in range(runs)]

    def body(number):
        return {"until": datetime.fromtimestamp(due[number], UTC).isoformat()}

    accepted = call_all(openbuild, new_key(openbuild), runs, workflow="sleeper", body=body)
    wait_until(lambda: kills.ask(openbuild, ASLEEP)[0][0] == runs, first - time.time())
    share = share_of_a_processor(openbuild, first)
    time.sleep(max(0.0, due[-1] - time.time()))
    unfinished = kills.drain(openbuild)
    due_by_key = {f"{run}:woken": due[number] for number, run in accepted.items()}
    return {
        "asleep": runs,
        "of_a_processor_asleep_percent": share * 100,
        "stuck": unfinished,
        **judge(sink, due_by_key),
        "broken_rules": kills.count_broken_rules(openbuild),
    }


def share_of_a_processor(openbuild, until):
    """What all processes use of one while nothing is due before that time."""
    pids, began = openbuild.processes().values(), time.time()
    assert until - began > 1, "they did not fall asleep in time"
    before = sum(map(cpu_seconds, pids))
    time.sleep(min(LOOK_SECONDS, until - began))
    return (sum(map(cpu_seconds, pids)) - before) / (time.time() - began)


def judge(sink, due):
    """Compare when each was to wake with what the witness has seen."""
    seen = {key: times for (_, key), times in sink.times.items()}
    late = [times[0] - due[key] for key, times in seen.items() if key in due]
    return {
        "early": sum(seconds < 0 for seconds in late),
        "twice": sum(len(times) - 1 for times in seen.values()),
        "missing": len(due.keys() - seen.keys()),
        "wrong_key": len(seen.keys() - due.keys()),
        "median_late_seconds": figures.quantile(late, 0.5),
        "p99_late_seconds": figures.quantile(late, 0.99),
        "latest_seconds": max(late, default=0.0),
    }
