"""Call more than can be carried, over many connections, some of them very slow; then count.

Beside those who call as fast as they are answered there are some who send a byte a second, and some
who read a large answer a kilobyte a second. The fast ones may hear 202, 429 and 503 with a
Retry-After and nothing else, the web process must keep its memory in bounds, and a moment later all
must be as before. Runs wait for a slow service, and the backlog's limit is low, so that it is
reached within the minute.
"""

import json
import socket
import time
from collections import Counter
from contextlib import suppress
from functools import partial

from tests.chaos import figures, kills
from tests.chaos.beside import Beside
from tests.chaos.callers import Callers, call_until_accepted
from tests.chaos.own import own_openbuild, publish
from tests.chaos.sink import Sink

SECONDS = 60
FAST = 90  # callers
SLOW = 5  # senders, and as many readers
BACKLOG = 500  # runs
SINK_PAUSE = 0.5  # seconds, twice in each run: one worker's 32 hands carry 32 runs a second
LARGE = 1_000_000  # bytes of an answer that is read slowly
A_SECOND = 1024  # bytes of it, and the client's buffer, so that the kernel doesn't read it all
CALLS_AFTERWARDS = 20
AT_MOST = {"web_mb": 300, "web_ended": 0, "never_refused": 0, "seconds_until_normal": 60}
ECHO = """
openbuild: 1
workflow: echo
triggers: {endpoint: {exposed: true}}
steps:
  - {id: answer, type: return_data, inputs: {body: "{{ trigger.body }}"}}
"""


def measure(seconds=SECONDS, fast=FAST, backlog=BACKLOG, database="sqlite"):
    """Counts by name; nothing accepted may be lost, and the fast hear nothing else than allowed."""
    with Sink(pause=SINK_PAUSE) as sink, own_openbuild(database) as openbuild:
        allowed = {"OPENBUILD_ALLOWED_HOSTS_OUT": sink.address}
        openbuild.up("--workers", "1", OPENBUILD_MAX_BACKLOG=str(backlog), **allowed)
        key = kills.prepare(openbuild, sink)
        publish(openbuild, ECHO)
        return experiment(openbuild, sink, key, seconds, fast)


def experiment(openbuild, sink, key, seconds, fast):
    web = openbuild.processes()["openbuild: web"]
    callers = Callers(openbuild, key, fast, pause=0)
    with Slow(openbuild, key) as slow, callers:
        callers.pause(seconds)
    peak = peak_mb(web)
    healed, *took_afterwards = call_afterwards(openbuild, key, callers.accepted)
    unfinished = kills.drain(openbuild)
    return {
        "accepted": len(callers.accepted),
        "refused_with_429_or_503": callers.refused,
        "never_refused": int(not callers.refused),
        "other_answers": callers.others,
        "stuck": unfinished,
        **kills.judge(openbuild, sink, callers.accepted),
        "p99_seconds_until_accepted": figures.quantile(callers.took, 0.99),
        "slowest_answer_seconds": callers.slowest,
        "slow_senders_hung_up_on": slow.counted["sender"],
        "slow_readers_answered": slow.counted["reader"],
        "web_mb": peak,
        "web_ended": int(openbuild.processes().get("openbuild: web") != web),
        "seconds_until_normal": healed,
        "slowest_call_afterwards_seconds": max(took_afterwards),
    }


def peak_mb(pid):
    """The most memory that a process has ever had."""
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) / 1024


def call_afterwards(openbuild, key, accepted):
    """How long each of some calls takes until it is accepted, one after the other."""
    took = []
    for number in range(CALLS_AFTERWARDS):
        name, began = f"afterwards-{number}", time.monotonic()
        accepted[name] = call_until_accepted(openbuild, key, name)
        took.append(time.monotonic() - began)
    return took


class Slow(Beside):
    """Senders of a byte a second and readers of a kilobyte a second, while the block lasts."""

    def __init__(self, openbuild, key):
        self.port, self.key = openbuild.port, key
        self.counted = Counter()
        kinds = [self.send_slowly, self.read_slowly] * SLOW
        super().__init__(*(partial(self.go_on, kind) for kind in kinds))

    def go_on(self, kind):
        while not self.over.wait(1):
            with suppress(OSError), socket.socket() as line:
                line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, A_SECOND)
                line.connect(("127.0.0.1", self.port))
                kind(line)

    def send_slowly(self, line):
        """Until the server has had enough of it."""
        for byte in self.request({"n": "slow"}):
            if self.over.wait(1):
                return
            try:
                line.sendall(bytes([byte]))
            except OSError:
                self.counted["sender"] += 1
                raise

    def read_slowly(self, line):
        line.sendall(self.request({"large": "x" * LARGE}))
        if line.recv(A_SECOND):
            self.counted["reader"] += 1
        while not self.over.wait(1) and line.recv(A_SECOND):
            pass

    def request(self, body):
        content = json.dumps(body)
        lines = [
            "POST /api/1.1/wf/echo HTTP/1.1",
            f"Host: 127.0.0.1:{self.port}",
            f"Authorization: Bearer {self.key}",
            "Content-Type: application/json",
            f"Content-Length: {len(content)}",
            "",
            content,
        ]
        return "\r\n".join(lines).encode()
