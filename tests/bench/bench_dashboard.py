"""The dashboard's figures of 200 000 runs, against counting the same runs in the index.

The runs lie in the last 30 days, twenty workflows share them unevenly, one in fifty failed. Both
databases; PostgreSQL is vacuumed first, as it does by itself within minutes of such a load.
"""

import math
import time
from contextlib import contextmanager
from datetime import timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import insert, text

from tests.bench.own_app import own_app

RUNS = 200_000
WORKFLOWS = 20
BATCH = 5_000
ROUNDS = 3
ERROR = {"message": "crm.example.com refused the key (401)", "step": "ask", "code": "HTTP_401"}


def measure(count=RUNS):
    """How many times as long as a bare count of a period's runs its dashboard takes."""
    from tests.servers import PostgreSQL

    server = PostgreSQL()
    server.start()
    try:
        parts = of_database("SQLite", "", count)
        parts += of_database("PostgreSQL", server.url(), count)
    finally:
        server.close()
    mean = math.exp(sum(math.log(part["ratio"]) for part in parts) / len(parts))
    return {"name": "dashboard", "ratio": mean, "parts": parts}


def of_database(name, url, count):
    with application(url) as workspace_id:
        fill(workspace_id, count)
        return [
            {"name": f"{name}, last {key}", **compare(workspace_id, key)}
            for key in ("hour", "day", "week", "month")
        ]


@contextmanager
def application(url):
    """An application on a fresh database, with its context; gives the first workspace's id."""
    from core.runtime import workspaces
    from core.storage.db import transaction

    with own_app(database_url=url, durability="normal"):
        with transaction():
            workspace_id = workspaces.first().id
        yield workspace_id


def fill(workspace_id, count):
    """So many runs, evenly over the last 30 days."""
    from core import clock
    from core.storage.db import db, write_connection
    from core.storage.run import Run

    owners = make_workflows(workspace_id)
    now = clock.now()
    step = timedelta(days=30) / count
    for first in range(0, count, BATCH):
        numbers = range(first, min(first + BATCH, count))
        rows = [
            row(workspace_id, owners, number, now - (count - number) * step) for number in numbers
        ]
        with write_connection() as connection:
            connection.execute(insert(Run.__table__), rows)
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("VACUUM ANALYZE run"))


def make_workflows(workspace_id):
    """Their ids, the busy ones more than once."""
    from core.runtime import workflows
    from core.storage.db import transaction
    from core.storage.workflow import Version

    found = []
    for number in range(WORKFLOWS):
        workflow = workflows.create(workspace_id, f"flow-{number}", f"Flow {number}", by="a bench")
        with transaction() as session:
            version = Version(
                workflow_id=workflow.id,
                number=1,
                revision=1,
                content=workflow.draft,
                created_at=workflow.created_at,
            )
            session.add(version)
            session.flush()
        found += [(workflow.id, version.id)] * (WORKFLOWS - number)
    return found


def row(workspace_id, owners, number, at):
    workflow_id, version_id = owners[number * 7919 % len(owners)]
    failed = number % 50 == 7
    took = timedelta(milliseconds=40 + number * 37 % 900 + (9000 if number % 97 == 0 else 0))
    milliseconds = f"{int(at.timestamp() * 1000):012x}"
    return {
        "id": f"{milliseconds[:8]}-{milliseconds[8:]}-7000-8000-{number:012x}",
        "workspace_id": workspace_id,
        "workflow_id": workflow_id,
        "version_id": version_id,
        "origin": "endpoint",
        "state": "failed" if failed else "succeeded",
        "input": {"headers": {"user-agent": "curl"}, "body": {"order": number, "text": "x" * 400}},
        "error": ERROR if failed else None,
        "created_at": at,
        "finished_at": at + took,
    }


def compare(workspace_id, key):
    from core import clock
    from core.runtime import dashboard

    zone = ZoneInfo("Europe/Berlin")
    period = dashboard.PERIODS[key]
    bare = best(lambda: count_runs(workspace_id, clock.now() - period.length))
    took = best(lambda: dashboard.figures(workspace_id, period, zone))
    return {"ratio": took / bare, "microseconds": took * 1e6, "bare_microseconds": bare * 1e6}


def count_runs(workspace_id, begin):
    from core.storage.db import db
    from core.storage.run_counts import first_id_at

    query = text("SELECT count(*) FROM run WHERE workspace_id = :workspace AND id >= :first")
    db.session.execute(query, {"workspace": workspace_id, "first": first_id_at(begin)}).scalar_one()
    db.session.rollback()


def best(part):
    """Seconds of the fastest round."""
    from core.storage.db import db

    took = []
    for _ in range(ROUNDS + 1):
        begin = time.perf_counter()
        part()
        took.append(time.perf_counter() - begin)
        db.session.rollback()
    return min(took)


if __name__ == "__main__":
    for line in measure()["parts"]:
        milliseconds, bare = line["microseconds"] / 1000, line["bare_microseconds"] / 1000
        print(f"{line['name']:28} {milliseconds:7.1f} ms, {line['ratio']:6.1f} × {bare:.2f} ms")
