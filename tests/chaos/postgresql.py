"""Crash PostgreSQL under calls, keep it away, start it again, several times; then count.

Callers may hear 202 or 503 and nothing else, nothing accepted may be lost, and calls must be taken
again within seconds of its return.
"""

import json
import tempfile
from pathlib import Path

from tests.chaos import kills
from tests.chaos.callers import Callers
from tests.chaos.sink import Sink
from tests.openbuild import Openbuild
from tests.servers import PostgreSQL

TIMES = 5
AWAY_SECONDS = 12
BETWEEN_SECONDS = 5


def measure(times=TIMES, away_seconds=AWAY_SECONDS):
    """Counts by name; `lost`, `stuck`, `other_answers` and those of the effects must be 0."""
    server = PostgreSQL()
    server.start()
    try:
        server.run("createdb", "-h", server.folder, "-U", "openbuild", "away")
        with Sink() as sink, tempfile.TemporaryDirectory() as folder:
            openbuild = Openbuild(Path(folder) / "var", server.url("away"))
            try:
                return experiment(openbuild, server, sink, times, away_seconds)
            finally:
                openbuild.close()
    finally:
        server.close()


def experiment(openbuild, server, sink, times, away_seconds):
    openbuild.up(OPENBUILD_ALLOWED_HOSTS_OUT=sink.address)
    callers = Callers(openbuild, kills.prepare(openbuild, sink))
    healed, was_shown = [], 0
    with callers:
        for _ in range(times):
            callers.wait_for_more()
            server.stop()
            callers.pause(away_seconds)
            was_shown += is_shown(openbuild)
            server.begin()
            healed.append(callers.wait_for_any())
            callers.pause(BETWEEN_SECONDS)
    unfinished = kills.drain(openbuild)
    found = kills.judge(openbuild, sink, callers.accepted)
    return {
        "accepted": len(callers.accepted),
        "refused_with_503": callers.refused,
        "other_answers": callers.others,
        "times_away": times,
        "times_shown": was_shown,
        "stuck": unfinished,
        **found,
        "slowest_answer_seconds": callers.slowest,
        "healed_after_seconds": max(healed),
    }


def is_shown(openbuild):
    """Whether the ready check names the database, and a page says in words what is wrong."""
    status, said = openbuild.get("/health/ready")
    _, page = openbuild.get("/api/1.1/wf/witness")
    named = status == 503 and json.loads(said)["checks"]["database"] != "ok"
    return named and "database does not answer" in page
