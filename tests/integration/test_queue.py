"""The queue: what is rung is heard, what is forged is refused, what is away is no error."""

import json
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from rq import Worker
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.utils import utcparse

from core import config, queue
from core.queue import ForbiddenJob
from tests.servers import Valkey
from tests.waiting import wait_until
from worker import RunWorker

RUN = "018f5b1e-0000-7000-8000-000000000001"


@pytest.fixture
def own_valkey(tmp_path):
    """A Valkey that a test may stop."""
    server = Valkey()
    server.start()
    given = {"OPENBUILD_HOME": str(tmp_path), "OPENBUILD_REDIS_URL": server.url}
    config.use(config.load(given))
    yield server
    config.use(None)
    server.close()


@pytest.fixture
def forge(app):
    """Put a job into the queue as somebody would who can write to Valkey and nothing else."""

    def forge(function, args=(), **fields):
        server = queue.connection()
        job = queue.queue(server).create_job("os.getcwd", job_id="forged")
        job.save()
        data = json.dumps([function, None, list(args), {}])
        server.hset("rq:job:forged", mapping={"data": data, "status": "queued", **fields})
        server.rpush(f"rq:queue:{queue.QUEUE}", "forged")
        return job

    return forge


def test_a_bell_is_heard_by_a_worker_of_rq(app, work):
    assert queue.ring(RUN)
    assert queue.length() == 1

    work()

    assert queue.length() == 0


def test_a_bell_is_the_job_that_rq_itself_would_write(app):
    server = queue.connection()
    queue.queue(server).enqueue_call(
        ".".join(queue.ADVANCE),
        args=[RUN],
        timeout=queue.NO_TIMEOUT,
        result_ttl=queue.RESULT_SECONDS,
        failure_ttl=queue.FAILURE_SECONDS,
        description=f"run {RUN}",
    )
    queue.ring(RUN)

    expected, bell = server.lrange(queue.queue(server).key, 0, -1)
    expected, written = (server.hgetall(Job.key_for(key.decode())) for key in (expected, bell))
    for moment in (b"created_at", b"enqueued_at"):
        later = utcparse(written.pop(moment).decode()) - utcparse(expected.pop(moment).decode())
        assert timedelta() <= later < timedelta(minutes=1)
    assert written == expected
    assert queue.RunJob.fetch(bell.decode(), server, serializer=JSONSerializer).args == [RUN]


def test_rq_sees_the_worker(app):
    worker = RunWorker(app, "worker 1")
    worker.register_birth()

    found = Worker.all(connection=queue.connection())

    assert [seen.name for seen in found] == [worker.name]
    assert found[0].queue_names() == ["openbuild"]
    worker.register_death()


def test_a_worker_that_has_ended_leaves_no_line_open(app):
    def lines():
        return {one["id"] for one in queue.connection().client_list()}

    before = lines()
    RunWorker(app, "worker 1").work(burst=True)

    assert lines() == before


@pytest.mark.parametrize(
    "function", ["os.system", "core.config.use", "core.jobs.advance_run.__class__", "print"]
)
def test_a_forged_job_is_refused(forge, work, tmp_path, function):
    trace = tmp_path / "trace"
    forge(function, [f"touch {trace}"])

    work()

    assert not trace.exists()
    server = queue.connection()
    assert server.hget("rq:job:forged", "status") == b"failed"
    failed = queue.RunJob.fetch("forged", connection=server, serializer=queue.JSONSerializer)
    with pytest.raises(ForbiddenJob):
        failed.func  # noqa: B018


@pytest.mark.parametrize("callback", ["success", "failure", "stopped"])
def test_a_forged_callback_is_not_called(forge, work, tmp_path, callback):
    trace = tmp_path / "trace"
    name = {f"{callback}_callback_name": "os.system"}
    forge("core.jobs.advance_run.advance_run", [f"touch {trace}"], **name)

    work()

    assert not trace.exists()
    job = queue.RunJob.fetch(
        "forged", connection=queue.connection(), serializer=queue.JSONSerializer
    )
    assert (job.success_callback, job.failure_callback, job.stopped_callback) == (None,) * 3


def test_a_forged_job_sends_nothing_out(forge, work):
    hook = {"url": "http://127.0.0.1:9/", "job_status": "failed"}
    forge("os.system", ["true"], webhooks=json.dumps([hook]))

    job = queue.RunJob.fetch(
        "forged", connection=queue.connection(), serializer=queue.JSONSerializer
    )

    assert job.webhooks == []


def test_ringing_a_server_that_is_away_is_no_error(own_valkey):
    assert queue.is_alive()
    own_valkey.stop()

    assert not queue.ring(RUN)
    assert not queue.publish("answered", RUN)
    assert queue.length() is None
    assert not queue.is_alive()

    own_valkey.start()
    assert wait_until(lambda: queue.ring(RUN), seconds=3)


def test_while_the_server_says_nothing_one_caller_at_a_time_waits_for_it(own_valkey, monkeypatch):
    monkeypatch.setattr(queue, "ANSWER_SECONDS", 0.6)
    own_valkey.process.send_signal(signal.SIGSTOP)
    assert not queue.ring(RUN)
    queue._silent_until = time.monotonic()  # it is time to ask again

    with ThreadPoolExecutor(8) as callers:
        took = sorted(callers.map(seconds_of_a_ring, range(8)))

    assert took[-2] < 0.3
    assert took[-1] < 1.1  # it is asked once
    own_valkey.process.send_signal(signal.SIGCONT)
    assert wait_until(lambda: queue.ring(RUN), seconds=3)


def seconds_of_a_ring(_):
    began = time.monotonic()
    queue.ring(RUN)
    return time.monotonic() - began


def test_a_listener_hears_its_channels_and_outlives_the_server(own_valkey):
    with queue.subscribe("run:*") as subscription:
        assert subscription.next(0.05) is None
        queue.publish("other", "nothing for us")
        queue.publish("run:7", "first")
        assert subscription.next(2) == ("run:7", "first")

        own_valkey.stop()
        assert subscription.next(0.05) is None
        own_valkey.start()

        def heard():
            queue.publish("run:9", "again")
            return subscription.next(0.2)

        assert wait_until(heard, seconds=5) == ("run:9", "again")


def test_news_go_on_after_whatever_went_wrong_with_some(app, monkeypatch):
    told = []

    def publish(_channel, text):
        told.append(text)
        if len(told) == 1:
            raise ValueError("anything")

    monkeypatch.setattr(queue, "publish", publish)
    queue.announce("first")
    wait_until(lambda: told)
    queue.announce("second")

    wait_until(lambda: "second" in told)
