"""The worker process: it finds work through any absence of the queue, and ends in good order."""

import json
import os
import signal
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.openbuild import Openbuild
from tests.servers import Valkey
from tests.waiting import wait_until
from worker import RunWorker

SEVERAL = 6  # runs
NOWHERE = "unix:///nowhere/valkey.sock"
GREETING = """
openbuild: 1
workflow: greeting
label: Greeting
triggers: {endpoint: {exposed: true}}
steps:
  - {id: answer, type: return_data, inputs: {body: {hello: world}}}
"""
SLOW = """
openbuild: 1
workflow: slow
label: Slow
triggers: {endpoint: {exposed: true}}
steps:
  - {id: first, type: call_api, inputs: {method: GET, url: "%(url)s/first"}}
  - {id: second, type: call_api, inputs: {method: GET, url: "%(url)s/second"}}
"""


class SlowService:
    """Answers each request when it is told to."""

    def __init__(self):
        self.asked = []
        self.may_answer = threading.Event()
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                service.asked.append(self.path)
                service.may_answer.wait(20)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *words):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}"

    def close(self):
        self.may_answer.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def service():
    service = SlowService()
    yield service
    service.close()


@pytest.fixture
def own_valkey():
    server = Valkey()
    server.start()
    yield server
    server.close()


@pytest.fixture
def openbuild(tmp_path):
    """Commands on a data folder; `start` for processes, ended after the test."""
    started = []

    class Processes(Openbuild):
        def start(self, *words, **environment):
            super().start(*words, **environment)
            started.append(self.process)
            return self

    yield Processes(tmp_path / "var")
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait()


def apply(openbuild, text):
    file = openbuild.home.parent / "workflow.yaml"
    file.write_text(text)
    told = openbuild.run("workflows", "apply", str(file), "--publish", OPENBUILD_REDIS_URL=NOWHERE)
    assert told.returncode == 0, told.stderr


def begin(openbuild, name, **environment):
    told = openbuild.run("workflows", "run", name, "--json", **environment)
    assert told.returncode == 0, told.stderr


def runs(openbuild):
    told = openbuild.run("runs", "list", "--json")
    assert told.returncode == 0, told.stderr
    return json.loads(told.stdout)


def test_a_run_is_carried_out_while_the_queue_is_away(openbuild):
    apply(openbuild, GREETING)
    begin(openbuild, "greeting", OPENBUILD_REDIS_URL=NOWHERE)

    openbuild.start("work", OPENBUILD_REDIS_URL=NOWHERE)

    wait_until(lambda: runs(openbuild)[0]["state"] == "succeeded", 30)
    assert openbuild.stop() == 0


def test_a_worker_takes_up_the_queue_when_it_comes_back(openbuild, own_valkey):
    apply(openbuild, GREETING)
    own_valkey.stop()
    openbuild.start("work", OPENBUILD_REDIS_URL=own_valkey.url)
    wait_until(lambda: "the queue is away" in openbuild.said, 20)

    own_valkey.start()
    begin(openbuild, "greeting", OPENBUILD_REDIS_URL=own_valkey.url)

    wait_until(lambda: runs(openbuild)[0]["state"] == "succeeded", 20)
    own_valkey.stop()
    begin(openbuild, "greeting", OPENBUILD_REDIS_URL=own_valkey.url)
    wait_until(lambda: [run["state"] for run in runs(openbuild)] == ["succeeded"] * 2, 20)
    assert openbuild.stop() == 0


def test_a_worker_that_is_told_to_end_finishes_its_step_and_gives_the_run_back(
    openbuild, own_valkey, service
):
    environment = {
        "OPENBUILD_REDIS_URL": own_valkey.url,
        "OPENBUILD_ALLOWED_HOSTS_OUT": "127.0.0.1",
    }
    apply(openbuild, SLOW % {"url": service.url})
    openbuild.start("work", **environment)
    begin(openbuild, "slow", **environment)
    wait_until(lambda: service.asked == ["/first"], 20)

    openbuild.process.send_signal(signal.SIGTERM)
    with pytest.raises(subprocess.TimeoutExpired):
        openbuild.process.wait(1.2)
    openbuild.process.send_signal(signal.SIGTERM)
    service.may_answer.set()

    assert openbuild.process.wait(20) == 0
    assert service.asked == ["/first"]
    assert runs(openbuild)[0]["state"] == "queued"
    openbuild.start("work", **environment)
    wait_until(lambda: runs(openbuild)[0]["state"] == "succeeded", 20)
    assert service.asked == ["/first", "/second"]


def test_a_worker_that_is_killed_leaves_its_run_to_the_next_one(openbuild, service):
    apply(openbuild, SLOW % {"url": service.url})
    openbuild.up(OPENBUILD_ALLOWED_HOSTS_OUT="127.0.0.1")
    begin(openbuild, "slow")
    wait_until(lambda: service.asked == ["/first"], 20)

    for number in (1, 2):
        os.kill(openbuild.processes()[f"openbuild: worker {number}"], signal.SIGKILL)
    service.may_answer.set()

    wait_until(lambda: runs(openbuild)[0]["state"] == "succeeded", 20)
    assert service.asked[-1] == "/second"
    assert openbuild.stop() == 0


def test_slow_runs_that_a_dead_worker_held_are_carried_out_alone_beside_each_other(
    openbuild, service
):
    apply(openbuild, SLOW % {"url": service.url})
    openbuild.up("--workers", "1", OPENBUILD_ALLOWED_HOSTS_OUT="127.0.0.1")
    for _ in range(SEVERAL):
        begin(openbuild, "slow")
    wait_until(lambda: len(service.asked) == SEVERAL, 20)

    os.kill(openbuild.processes()["openbuild: worker 1"], signal.SIGKILL)

    wait_until(lambda: len(service.asked) == 2 * SEVERAL, 20)
    service.may_answer.set()
    wait_until(lambda: {run["state"] for run in runs(openbuild)} == {"succeeded"}, 20)
    assert service.asked.count("/first") == 2 * SEVERAL
    assert openbuild.stop() == 0


def test_a_worker_ends_at_once_although_a_thread_of_it_hears_commands(app):
    worker = RunWorker(app, "brief")
    worker.bootstrap(logging_level=None)
    unsubscribe = worker.pubsub.unsubscribe

    def unsubscribe_and_be_heard():
        unsubscribe()
        wait_until(lambda: not worker.pubsub.subscribed)

    worker.pubsub.unsubscribe = unsubscribe_and_be_heard
    worker.teardown()

    assert not worker.pubsub_thread.is_alive()
