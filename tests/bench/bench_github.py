"""GitHub's deliveries through the example, against a bare RQ worker that runs no-ops.

Every delivery is signed, posted over HTTP, carried out by one of two workers and answered with its
line; then every run's page is opened by the signed-in owner. The same number of RQ workers of the
kind that openBuild uses takes as many jobs that do nothing from a Valkey of its own. Durability is
full: what is answered is on disk.
"""

import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from tests import github
from tests.openbuild import Openbuild
from tests.servers import Valkey

WORKERS = 2
NO_OP = "time.monotonic"
BARE_WORKER = """
import sys
from redis import Redis
from rq import SimpleWorker
from rq.serializers import JSONSerializer
server = Redis.from_url(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
worker = SimpleWorker(["bare"], connection=server, serializer=JSONSerializer)
worker.work(burst=True, logging_level="WARNING")
"""


def measure():
    """How many times as long as a no-op of RQ's a delivery takes, and a run's page."""
    sent = github.deliveries()
    bare = seconds_of_no_ops(len(sent)) / len(sent)
    with tempfile.TemporaryDirectory(prefix="openbuild-bench-") as folder:
        openbuild = Openbuild(Path(folder) / "var")
        try:
            delivered, opened = run_example(openbuild.up("--workers", str(WORKERS)), sent)
        finally:
            openbuild.close()
    parts = [
        part("a no-op of a bare RQ worker", bare, bare),
        part("a delivery, from call to answer", delivered, bare),
        part("a run's page", opened, bare),
    ]
    return {"name": "github", "ratio": delivered / bare, "parts": parts}


def part(name, took, bare):
    return {"name": name, "ratio": took / bare, "microseconds": took * 1e6, "per_second": 1 / took}


def seconds_of_no_ops(count):
    """How long bare RQ workers need for so many jobs that wait in the queue."""
    server = Valkey()
    server.start()
    workers = []
    try:
        queue = Queue("bare", connection=Redis.from_url(server.url), serializer=JSONSerializer)
        for _ in range(count):
            queue.enqueue(NO_OP)
        workers = [bare_worker(server.url) for _ in range(WORKERS)]
        _, took = github.timed(let_work, workers)
        assert queue.count == 0
        assert queue.failed_job_registry.count == 0
        queue.connection.close()
        return took
    finally:
        for worker in workers:
            worker.kill()
            worker.communicate()
        server.close()


def bare_worker(url):
    """A worker that is ready and waits to be let go."""
    worker = subprocess.Popen(
        [sys.executable, "-c", BARE_WORKER, url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert worker.stdout.readline() == "ready\n"
    return worker


def let_work(workers):
    for worker in workers:
        worker.stdin.write("go\n")
        worker.stdin.flush()
    for worker in workers:
        assert worker.wait() == 0


def run_example(openbuild, sent):
    """Seconds for a delivery and for a run's page."""
    github.install_example(openbuild)
    owner = github.become_owner(openbuild)
    answers, delivering = github.timed(github.post, openbuild, sent)
    assert Counter(answer.status for answer in answers) == {200: len(sent)}
    run_ids = [answer.run_id for answer in answers if answer.run_id]
    opened, opening = github.timed(github.open_run_pages, openbuild, owner, run_ids)
    assert opened == {(200, True): len(run_ids)}
    return delivering / len(sent), opening / len(run_ids)


if __name__ == "__main__":
    result = measure()
    for row in result["parts"]:
        print(f"{row['name']:32} {row['ratio']:6.1f} ×  {row['per_second']:8.1f} a second")
