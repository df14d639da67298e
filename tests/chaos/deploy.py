"""Replace every process in turn and publish other versions, while runs wait and calls come in.

Each process is told to end, as a deployment does it, and is started again by the supervisor; in the
middle of that another version goes live, whose steps have other names. Each run must end with the
answer of the version that it began with, and no call may be refused.
"""

import json
import os
import signal
from collections import Counter
from functools import partial

from tests.chaos import figures, kills
from tests.chaos.callers import Callers
from tests.chaos.own import new_key, own_openbuild, publish
from tests.chaos.sink import Sink
from tests.openbuild import STOP_SECONDS
from tests.waiting import wait_until

ROUNDS = 3
CALLS_BEFORE_SECONDS = 10  # and after all rounds
BETWEEN_SECONDS = 1.0
REPLACED = ("openbuild: web", "openbuild: worker 1", "valkey", "openbuild: scheduler")
REPLACED_AFTER = ("openbuild: worker 2",)  # when the next version is live
AT_MOST = {"refused_with_503": 0, "on_another_version": 0}
WORKFLOW = """
openbuild: 1
workflow: witness
triggers: {endpoint: {exposed: true, reply: immediate}}
steps:
  - {id: before, type: call_api, after_crash: run_again,
     inputs: {method: POST, url: "http://%(sink)s/before", body: {}}}
  - {id: count_%(version)s, type: increment_value, inputs: {key: counted}}
  - {id: pause_%(version)s, type: wait, inputs: {for: 15s}}
  - {id: after, type: call_api, after_crash: run_again,
     inputs: {method: POST, url: "http://%(sink)s/after", body: {}}}
  - {id: answer, type: return_data, inputs: {body: %(version)s}}
"""
ENDS = "SELECT run.id, number, response FROM run JOIN version ON version.id = run.version_id"
WAITING = "SELECT count(*) FROM run WHERE state = 'waiting'"


def measure(rounds=ROUNDS, database="sqlite"):
    """Counts by name; nothing may be lost or refused, and no run may change its version."""
    with Sink() as sink, own_openbuild(database) as openbuild:
        return experiment(openbuild, sink, rounds)


def experiment(openbuild, sink, rounds):
    openbuild.up(OPENBUILD_ALLOWED_HOSTS_OUT=sink.address)
    make_live(openbuild, sink, 1)
    callers, waiting = Callers(openbuild, new_key(openbuild)), []
    with callers:
        callers.pause(CALLS_BEFORE_SECONDS)
        for number in range(rounds):
            replace(openbuild, callers, REPLACED)
            waiting.append(kills.ask(openbuild, WAITING)[0][0])
            make_live(openbuild, sink, number + 2)
            replace(openbuild, callers, REPLACED_AFTER)
        callers.pause(CALLS_BEFORE_SECONDS)
    unfinished = kills.drain(openbuild)
    return {
        "accepted": len(callers.accepted),
        "refused_with_503": callers.refused,
        "other_answers": callers.others,
        "processes_replaced": rounds * len(REPLACED + REPLACED_AFTER),
        "versions": rounds + 1,
        "waiting_when_one_went_live": min(waiting),
        "stuck": unfinished,
        **kills.judge(openbuild, sink, callers.accepted),
        **judge_versions(openbuild),
        "p99_seconds_until_accepted": figures.quantile(callers.took, 0.99),
        "slowest_answer_seconds": callers.slowest,
    }


def make_live(openbuild, sink, version):
    text = WORKFLOW % {"sink": sink.address, "version": version}
    publish(openbuild, text, OPENBUILD_ALLOWED_HOSTS_OUT=sink.address)


def replace(openbuild, callers, names):
    """Tell one after the other to end, each when the one before is there again."""
    for name in names:
        pid = openbuild.processes()[name]
        os.kill(pid, signal.SIGTERM)
        is_new = partial(is_replaced, openbuild, name, pid)
        wait_until(is_new, STOP_SECONDS, every=0.2)
        callers.pause(BETWEEN_SECONDS)


def is_replaced(openbuild, name, pid):
    return openbuild.processes().get(name, pid) != pid


def judge_versions(openbuild):
    """On which versions runs began, and how many ended with the answer of another one."""
    began, others = Counter(), 0
    for _, number, response in kills.ask(openbuild, ENDS):
        answer = json.loads(response) if isinstance(response, str) else response
        began[number] += 1
        others += answer["body"] != number
    return {"fewest_runs_of_a_version": min(began.values()), "on_another_version": others}
