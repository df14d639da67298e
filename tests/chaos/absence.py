"""Take the queue's server away under calls, once gone and once silent, for half a minute each.

Gone, it refuses every connection; silent, it takes them and says nothing, as a machine does that
stands still. Calls go on meanwhile, workers find their runs in the database, and nothing is lost.
"""

import signal
import time

from tests.chaos import figures, kills
from tests.chaos.callers import Callers
from tests.chaos.own import own_openbuild, running
from tests.chaos.sink import Sink
from tests.servers import Valkey

AWAY_SECONDS = 30
BETWEEN_SECONDS = 5
AT_MOST = {"p99_seconds_while_gone": 0.5, "p99_seconds_while_silent": 0.5}
ENDED = "SELECT count(*) FROM run WHERE finished_at IS NOT NULL"


def measure(away_seconds=AWAY_SECONDS, database="sqlite"):
    """Counts by name; callers may hear 202 and 503 and nothing else, and nothing may be lost."""
    with Sink() as sink, running(Valkey()) as server, own_openbuild(database) as openbuild:
        return experiment(openbuild, server, sink, away_seconds)


def experiment(openbuild, server, sink, away_seconds):
    openbuild.up(OPENBUILD_REDIS_URL=server.url, OPENBUILD_ALLOWED_HOSTS_OUT=sink.address)
    callers = Callers(openbuild, kills.prepare(openbuild, sink))
    with callers:
        callers.pause(BETWEEN_SECONDS)
        present = look(openbuild, callers, BETWEEN_SECONDS)
        server.stop()
        gone = look(openbuild, callers, away_seconds)
        server.start()
        callers.pause(BETWEEN_SECONDS)
        server.process.send_signal(signal.SIGSTOP)
        silent = look(openbuild, callers, away_seconds)
        server.process.send_signal(signal.SIGCONT)
        callers.pause(BETWEEN_SECONDS)
    began = time.monotonic()
    unfinished = kills.drain(openbuild)
    caught_up = time.monotonic() - began
    parts = {"while_present": present, "while_gone": gone, "while_silent": silent}
    return {
        "accepted": len(callers.accepted),
        **{f"accepted_{when}": len(took) for when, (took, _) in parts.items()},
        **{f"ended_{when}": ended for when, (_, ended) in parts.items()},
        "refused_with_503": callers.refused,
        "other_answers": callers.others,
        "stuck": unfinished,
        **kills.judge(openbuild, sink, callers.accepted),
        **{
            f"p99_seconds_{when}": figures.quantile(took, 0.99) for when, (took, _) in parts.items()
        },
        "slowest_answer_seconds": callers.slowest,
        "seconds_until_all_had_ended": caught_up,
    }


def look(openbuild, callers, seconds):
    """How long each call of that time took until it was accepted, and how many runs ended."""
    calls, ended = len(callers.took), kills.ask(openbuild, ENDED)[0][0]
    callers.pause(seconds)
    return callers.took[calls:], kills.ask(openbuild, ENDED)[0][0] - ended
