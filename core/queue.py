"""The queue: rings workers for a run, and carries short messages between processes.

The database is the truth. A bell that nobody hears is rung again, so ringing never fails: when
Valkey is away the answer is False, and the scheduler tries later. The only module, with worker.py,
that knows RQ.
"""

import logging
import os
import re
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from queue import SimpleQueue
from secrets import token_hex
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer
from rq.utils import utcformat

from core import clock, config

QUEUE = "openbuild"
BELLS = Queue.redis_queue_namespace_prefix + QUEUE  # the list in which bells wait
LANES = ("io", "alone")  # beside others in threads, or in a process of its own
ADVANCE = ("core.jobs.advance_run", "advance_run")
ALLOWED = {".".join(ADVANCE): ADVANCE}
BELL = re.compile(rf"(?P<lane>{'|'.join(LANES)})-(?P<run>[0-9a-f-]{{36}})-[0-9a-f]{{6}}")
RESULT_SECONDS = 5
FAILURE_SECONDS = 3600
CONNECT_SECONDS = 1.0
ANSWER_SECONDS = 2.0
SILENCE_SECONDS = 1.0
NO_TIMEOUT = -1
CHANNELS = "openbuild:"
ANSWERED = "answered"
MOST_NEWS = 100
log = logging.getLogger(__name__)


class ForbiddenJob(Exception):
    """A job in the queue names something that isn't one of ours."""


class RunJob(Job):
    """A job that can call the functions of core.jobs and nothing else, whoever wrote it."""

    @property
    def func(self) -> Callable[..., Any]:
        """The function of core.jobs that the job names."""
        if self.instance is not None or self.func_name not in ALLOWED:
            raise ForbiddenJob(f"job {self.id} names {self.func_name!r}, which is not ours to call")
        module, function = ALLOWED[self.func_name]
        return getattr(import_module(module), function)  # type: ignore[no-any-return]

    def restore(self, raw_data: Any) -> None:
        """Read a job, without anything that would call, send or repeat."""
        super().restore(raw_data)
        self._success_callback_name = None
        self._failure_callback_name = None
        self._stopped_callback_name = None
        self.webhooks = []
        self.retries_left = None
        self.repeats_left = None
        self.rate_limit_key = None
        self._dependency_ids = []


_clients: dict[tuple[int, str], "redis.Redis"] = {}
_silent_until = 0.0  # while it answers
_asking_again = threading.Lock()


def connection() -> "redis.Redis":
    """This process's connection to the queue's server."""
    key = (os.getpid(), config.current().queue_url)
    if key not in _clients:
        _clients[key] = connect(socket_timeout=ANSWER_SECONDS)
    return _clients[key]


def connect(socket_timeout: float | None = None) -> "redis.Redis":
    """A connection of its own, for whoever waits on the server for long."""
    return redis.Redis.from_url(
        config.current().queue_url,
        socket_connect_timeout=CONNECT_SECONDS,
        socket_timeout=socket_timeout,
        # A connection may be one that the server has closed; if it said nothing, it won't now.
        retry=Retry(NoBackoff(), 1, (redis.ConnectionError,)),
    )


def queue(server: "redis.Redis") -> Queue:
    """The one queue, as this connection sees it."""
    return Queue(QUEUE, connection=server, job_class=RunJob, serializer=JSONSerializer)


def is_alive() -> bool:
    """Whether the queue's server answers."""
    try:
        return bool(connection().ping())
    except RedisError:
        return False


def server() -> str | None:
    """The name and version of the queue's server; None when it doesn't answer."""
    try:
        about: Any = connection().info("server")
    except RedisError:
        return None
    name = "Valkey" if "valkey_version" in about else "Redis"
    return f"{name} {about.get('valkey_version') or about.get('redis_version', '')}".strip()


def ring(run_id: str, lane: str = LANES[0]) -> bool:
    """Tell the workers to look at a run; False when nobody could be told."""
    return ring_all([run_id], lane)


def ring_all(run_ids: Sequence[str], lane: str = LANES[0]) -> bool:
    """Tell the workers to look at these runs, in one message; False when nobody could be told."""
    return attempt(lambda: enqueue(run_ids, lane))


@dataclass(frozen=True, slots=True)
class Bell:
    """One job of the queue as its id tells it; `run_id` is empty if it isn't one of ours."""

    job_id: str
    lane: str = ""
    run_id: str = ""


def hear(server: "redis.Redis", most: int, seconds: float) -> list[Bell]:
    """Up to `most` bells; waits so long for the first one. Raises RedisError."""
    heard: Any = server.lpop(BELLS, most)
    if not heard and seconds:
        first: Any = server.blpop([BELLS], timeout=seconds)
        heard = [first[1]] if first else []
    return [read_bell(job_id.decode()) for job_id in heard or ()]


def read_bell(job_id: str) -> Bell:
    found = BELL.fullmatch(job_id)
    return Bell(job_id, found["lane"], found["run"]) if found else Bell(job_id)


def forget(server: "redis.Redis", bells: Iterable[Bell]) -> None:
    """Delete the jobs behind bells that were heard: the database knows what became of them."""
    if jobs := [Job.key_for(bell.job_id) for bell in bells]:
        server.unlink(*jobs)


def enqueue(run_ids: Sequence[str], lane: str) -> None:
    bells = {f"{lane}-{run_id}-{token_hex(3)}": run_id for run_id in run_ids}
    now = utcformat(clock.now())
    pipeline = connection().pipeline(transaction=False)  # a job without its bell harms nobody
    pipeline.sadd(Queue.redis_queues_keys, BELLS)
    for job_id, run_id in bells.items():
        pipeline.hset(Job.key_for(job_id), mapping=job_of(run_id, now))
    pipeline.rpush(BELLS, *bells)
    pipeline.execute()


def job_of(run_id: str, now: str) -> Any:
    """What RQ writes of a job that advances this run; making one by RQ takes ten times as long."""
    call = JSONSerializer.dumps((".".join(ADVANCE), None, [run_id], {}))
    own = {"created_at": now, "enqueued_at": now, "description": f"run {run_id}"}
    return {**_every_job(), **own, "data": zlib.compress(call)}


@cache
def _every_job() -> dict[str, Any]:
    job = RunJob.create(
        ".".join(ADVANCE),
        timeout=NO_TIMEOUT,
        result_ttl=RESULT_SECONDS,
        failure_ttl=FAILURE_SECONDS,
        origin=QUEUE,
        status=JobStatus.QUEUED,
        connection=connection(),
        serializer=JSONSerializer,
    )
    return dict(job.to_dict())


def length() -> int | None:
    """How many bells wait to be heard; None when the server is away."""
    found: list[int] = []
    attempt(lambda: found.append(int(queue(connection()).count)))
    return found[0] if found else None


def publish(channel: str, text: str) -> bool:
    """Send a text to whoever listens on a channel; False when the server is away."""
    return attempt(lambda: connection().publish(CHANNELS + channel, text))


def count(key: str, seconds: int) -> int | None:
    """One more under this key, which lasts so many seconds; None when the server is away."""
    counted: list[int] = []

    def act() -> None:
        pipeline = connection().pipeline()
        pipeline.incr(CHANNELS + key)
        pipeline.expire(CHANNELS + key, seconds)
        counted.append(pipeline.execute()[0])

    return counted[0] if attempt(act) else None


_news: dict[int, "SimpleQueue[str]"] = {}
_news_lock = threading.Lock()


def announce(run_id: str) -> None:
    """Let waiting callers know that a run has answered; many such words go out in one message.

    It asks no server itself. A word that gets lost costs a caller the moment until it looks itself.
    """
    pid = os.getpid()
    with _news_lock:
        if pid not in _news:
            _news[pid] = SimpleQueue()
            threading.Thread(target=_tell, args=(_news[pid],), name="news", daemon=True).start()
    _news[pid].put(run_id)


def _tell(news: "SimpleQueue[str]") -> None:
    while True:
        run_ids = [news.get()]
        while not news.empty() and len(run_ids) < MOST_NEWS:
            run_ids.append(news.get())
        try:
            publish(ANSWERED, " ".join(run_ids))
        except Exception:  # without this thread every caller would wait for the next look
            log.exception("could not tell callers of answers")


def attempt(act: Callable[[], object]) -> bool:
    """Do it if the server answers; after a failure, don't ask again for a moment.

    Then one caller at a time asks: a server that takes connections and says nothing would keep
    all of them waiting.
    """
    if not _silent_until:
        return _ask(act)
    if time.monotonic() < _silent_until or not _asking_again.acquire(blocking=False):
        return False
    try:
        return _ask(act)
    finally:
        _asking_again.release()


def _ask(act: Callable[[], object]) -> bool:
    global _silent_until
    try:
        act()
    except RedisError as error:
        _silent_until = time.monotonic() + SILENCE_SECONDS
        log.warning("the queue is away: %s", error)
        return False
    _silent_until = 0.0
    return True


class Subscription:
    """Messages of some channels; a lost connection is taken up again by itself."""

    def __init__(self, patterns: tuple[str, ...]) -> None:
        self.patterns = [CHANNELS + pattern for pattern in patterns]
        self.listener: Any = None

    def next(self, seconds: float) -> tuple[str, str] | None:
        """The next message as (channel, text), or None after so many seconds without one."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            try:
                message = self.listening().get_message(timeout=left)
            except RedisError:
                self.close()
                time.sleep(min(SILENCE_SECONDS, max(deadline - time.monotonic(), 0)))
                continue
            if message:
                channel = message["channel"].decode().removeprefix(CHANNELS)
                return channel, message["data"].decode()
        return None

    def listening(self) -> Any:
        if self.listener is None:
            listener = connect().pubsub(ignore_subscribe_messages=True)
            listener.psubscribe(*self.patterns)
            self.listener = listener
        return self.listener

    def close(self) -> None:
        """Stop listening."""
        if self.listener is not None:
            listener, self.listener = self.listener, None
            listener.close()
            listener.connection_pool.disconnect()


@contextmanager
def subscribe(*patterns: str) -> Iterator[Subscription]:
    """Listen to channels, named with * for any part, until the block ends."""
    subscription = Subscription(patterns)
    try:
        yield subscription
    finally:
        subscription.close()
