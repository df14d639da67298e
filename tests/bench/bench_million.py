"""The list of runs and the dashboard over a million runs: milliseconds of whole pages.

Asked through the web application itself, signed in, without a network. Every filter alone and some
together, the hundredth page, searches with and without hits, and the dashboard of each period. The
ratio is to the first page of the list, without any filter.
"""

import gc
import re
import statistics
import time
from contextlib import contextmanager
from datetime import timedelta

from tests.bench import many_runs
from tests.bench.own_app import own_app

RUNS = 1_000_000
ROUNDS = 15
DEEP = 100  # pages
NAMED_ONLY = True  # it takes minutes
FIRST = "list, newest runs"
PERIODS = ("hour", "day", "week", "month")
ALONE = {
    "state": ("running", "waiting", "failed", "succeeded", "cancelled"),
    "reason": ("approval", "unknown_outcome", "not_run", "quarantined"),
    "origin": ("endpoint", "manual", "thing"),
    "mode": ("live", "test"),
    "period": ("hour", "month"),
}
NOWHERE = "text=nowhere-to-be-found"
QUERIES = {
    "one workflow": "workflow=flow-01",
    "a workflow that hardly runs": "workflow=flow-23",
    **{f"{name} {one}": f"{name}={one}" for name, values in ALONE.items() for one in values},
    "two days": "{dated}",
    "failed of a workflow": "state=failed&workflow=flow-03",
    "failed of one that hardly runs": "state=failed&workflow=flow-23",
    "failed by schedule in two days": "state=failed&origin=schedule&{dated}",
    "tests of a workflow, cancelled": "mode=test&workflow=flow-05&state=cancelled",
    "waits for a person, by hand": "reason=approval&origin=manual&period=month",
    "nothing fits: reason and state": "reason=not_run&state=failed",
    "text, many hits": "text=ORD-",
    "text, a hit far back": "text=ORD-0000007",
    "text, no hit": NOWHERE,
    "text, no hit, failed": f"{NOWHERE}&state=failed",
    "text, no hit, two days": f"{NOWHERE}&{{dated}}",
    "text, no hit, a workflow": f"{NOWHERE}&workflow=flow-02",
}


def measure(runs=RUNS, database="sqlite"):
    """How many times as long as the first page the slowest page takes."""
    from tests.servers import PostgreSQL, Valkey

    servers = [Valkey()]
    if database == "postgresql":
        servers.append(PostgreSQL())
    for server in servers:
        server.start()
    try:
        url = servers[1].url() if database == "postgresql" else ""
        with application(url, servers[0].url) as (client, workspace_id):
            many_runs.fill(workspace_id, runs)
            gc.collect()
            gc.freeze()  # as a web process does before it answers
            parts = measure_pages(client)
    finally:
        for server in servers:
            server.close()
    return {"name": "million", "ratio": max(part["ratio"] for part in parts), "parts": parts}


@contextmanager
def application(url, redis_url):
    """An openBuild with an owner signed in; gives a browser and the workspace's id."""
    with own_app(redis_url, database_url=url) as app:
        yield sign_in(app)


def sign_in(app):
    """A browser in which an owner is signed in, and the id of their workspace."""
    from core import clock
    from core.runtime import signing_in, workspaces
    from core.storage.db import db, transaction
    from core.storage.membership import OwnerClaim
    from tests.people import member

    with transaction():
        workspace = workspaces.first()
        if not db.session.get(OwnerClaim, workspace.id):
            db.session.add(OwnerClaim(workspace_id=workspace.id, claimed_at=clock.now()))
        name = f"ana-{time.time_ns()}"
        owner = member(name, "owner", workspace, password_hash="")
        workspace_id = workspace.id
    client = app.test_client()
    token = signing_in.open_session(owner, stays=False, browser="a bench")
    with client.session_transaction() as session:
        session.update(_user_id=token, _fresh=True, csrf_token="bench")
    return client, workspace_id


def pages(client):
    """What is asked for, by name."""
    from core import clock

    days = [f"{clock.now() - timedelta(days=days):%Y-%m-%d}" for days in (12, 11)]
    dated = f"from={days[0]}&to={days[1]}"
    lists = {name: f"/runs?{query.format(dated=dated)}" for name, query in QUERIES.items()}
    dashboards = {f"dashboard, {key}": f"/?period={key}" for key in PERIODS}
    return {FIRST: "/runs", f"list, page {DEEP}": deep(client), **lists, **dashboards}


def deep(client):
    """The address of a page far down, by the links that lead there."""
    address = "/runs"
    for _ in range(DEEP):
        older = re.search(r'href="(/runs\?before=[^"]+)"', client.get(address).text)
        if older is None:
            break
        address = older[1]
    return address


def measure_pages(client, only=""):
    times = {name: timed(client, url) for name, url in pages(client).items() if only in name}
    first = statistics.median(times.get(FIRST) or next(iter(times.values())))
    return [part(name, took, first) for name, took in times.items()]


def timed(client, url):
    """Seconds of each round, after one that warms up."""
    took = []
    for _ in range(ROUNDS + 1):
        began = time.perf_counter()
        answer = client.get(url)
        took.append(time.perf_counter() - began)
        assert answer.status_code == 200, (url, answer.status_code)
    return took[1:]


def part(name, took, first):
    slow = sorted(took)[min(round(0.95 * len(took)), len(took) - 1)]
    median = statistics.median(took)
    return {"name": name, "ratio": median / first, "ms_p50": median * 1e3, "ms_p95": slow * 1e3}
