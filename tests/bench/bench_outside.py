"""A loop of calls to a service that takes its time, beside plain threads that make the same calls.

A hundred calls of 100 ms, all at once: what is longer than one of them is ours. From the claim to
the final state, with the guard of addresses on and each call in the journal before it leaves.
"""

import http.client
import subprocess
import sys
import threading
import time

from tests.bench.own_app import both_databases, own_app
from tests.openbuild import ROOT
from tests.servers import Valkey

CALLS = 100
SECONDS = 0.1  # that each call takes
ROUNDS = 3
SINK = """
import sys
sys.path.insert(0, sys.argv[1])
from tests.chaos.sink import Sink
with Sink(pause=float(sys.argv[2])) as sink:
    print(sink.address, flush=True)
    sys.stdin.readline()
"""


def measure():
    """How many times as long as plain threads the loop takes."""
    server = Valkey()
    server.start()
    command = [sys.executable, "-c", SINK, str(ROOT), str(SECONDS)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as sink:
        address = sink.stdout.readline().strip()
        try:
            parts = measure_at(address, server.url)
        finally:
            sink.stdin.close()
            server.close()
    return {"name": "outside", "ratio": parts[1]["ratio"], "parts": parts}


def measure_at(address, redis_url):
    words = f"{CALLS} calls of {SECONDS * 1000:.0f} ms at once"
    bare = min(seconds_of_threads(address) for _ in range(ROUNDS))
    parts = [part(f"{words}, plain threads", bare, bare)]
    with both_databases() as databases:
        for name, database in databases.items():
            with own_app(redis_url, allowed_hosts_out=address, **database):
                took = seconds_of_loop(address)
            parts.append(part(f"{words}, a loop on {name}", took, bare))
    return parts


def seconds_of_loop(address):
    from tests.bench.bench_loops import seconds_of
    from tests.factories import make_workflow

    workflow = make_workflow(loop(address))
    seconds_of(workflow, {"items": [0]})  # what a worker loads at its first call
    return min(seconds_of(workflow, {"items": list(range(CALLS))}) for _ in range(ROUNDS))


def loop(address):
    call = {
        "id": "call",
        "type": "call_api",
        "inputs": {"method": "GET", "url": f"http://{address}/{{{{ item }}}}"},
    }
    return {
        "id": "loop",
        "type": "for_each",
        "inputs": {"list": "{{ trigger.items }}", "concurrency": 100},
        "branches": [{"key": "body", "steps": [call]}],
    }


def seconds_of_threads(address):
    def call():
        line = http.client.HTTPConnection(address)
        line.request("GET", "/")
        assert line.getresponse().status == 200
        line.close()

    threads = [threading.Thread(target=call) for _ in range(CALLS)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - began


def part(name, took, bare):
    return {"name": name, "ratio": took / bare, "microseconds": took * 1e6, "per_second": 1 / took}
