"""Empty the queue's server under calls, again and again, then count: the database knows all."""

import time

import redis

from core import config
from tests.chaos import kills
from tests.chaos.callers import Callers
from tests.chaos.own import own_openbuild
from tests.chaos.sink import Sink

TIMES = 20
BETWEEN_SECONDS = 1.0


def measure(times=TIMES, database="sqlite"):
    """Counts by name; `lost`, `stuck`, `other_answers` and those of the effects must be 0."""
    with Sink() as sink, own_openbuild(database) as openbuild:
        return experiment(openbuild, sink, times)


def experiment(openbuild, sink, times):
    openbuild.up(OPENBUILD_ALLOWED_HOSTS_OUT=sink.address)
    callers = Callers(openbuild, kills.prepare(openbuild, sink))
    socket = config.load({"OPENBUILD_HOME": str(openbuild.home)}).valkey_socket
    with redis.Redis(unix_socket_path=str(socket)) as server, callers:
        for _ in range(times):
            callers.pause(BETWEEN_SECONDS)
            server.flushall()
    began = time.monotonic()
    unfinished = kills.drain(openbuild)
    return {
        "accepted": len(callers.accepted),
        "times_emptied": times,
        "other_answers": callers.others,
        "stuck": unfinished,
        **kills.judge(openbuild, sink, callers.accepted),
        "seconds_until_all_had_ended": time.monotonic() - began,
    }
