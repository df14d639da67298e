"""A database full of finished, failed and waiting runs, as a busy month leaves it."""

import json
import random
from datetime import timedelta
from itertools import islice, product

from sqlalchemy import text

DAYS = 30
BATCH = 10_000
WORKFLOWS = 24
RARE = 20  # runs of the workflow that hardly ever runs, the last one
STEPS = [
    {"id": "check", "type": "compose", "inputs": {"value": "{{ trigger.body.id }}"}},
    {"id": "order", "type": "compose", "inputs": {"value": {"id": "{{ steps.check }}"}}},
    {"id": "answer", "type": "return_data", "inputs": {"body": {"id": "{{ steps.check }}"}}},
]
ERROR = {"message": "crm.example.com refused the key (401)", "step": "order", "code": "HTTP_401"}
# Of ten thousand runs: how they stand, why, and how they came.
STATES = {
    ("succeeded", None): 9_240,
    ("succeeded", "not_run"): 200,
    ("succeeded", "stopped"): 100,
    ("failed", None): 300,
    ("cancelled", None): 50,
    ("cancelled", "limit"): 10,
    ("waiting", "time"): 50,
    ("waiting", "approval"): 30,
    ("waiting", "retry"): 10,
    ("waiting", "unknown_outcome"): 2,
    ("queued", None): 8,
}
ORIGINS = {"endpoint": 7_000, "schedule": 1_790, "workflow": 1_000, "test": 150, "manual": 60}
FINAL = ("succeeded", "failed", "cancelled")
WORDS = ["".join(letters) for letters in product("bdfklmnrst", "aeiou", "lmnrst", "aeio", "xyz")]


def fill(workspace_id, count):
    """So many runs over the last thirty days, each with its journal."""
    from core.storage.db import db, write_connection

    owners = make_workflows(workspace_id)
    journal = one_journal(owners[0][0])
    rows = runs(workspace_id, owners, count)
    while batch := list(islice(rows, BATCH)):
        with write_connection(is_flushed=False) as connection:
            insert(connection, "run", batch)
            segments = [{"run_id": row["id"], **one} for row in batch for one in journal]
            insert(connection, "segment", segments)
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if connection.dialect.name == "postgresql":  # as it does by itself before long
            connection.execute(text("VACUUM ANALYZE run"))
            connection.execute(text("VACUUM ANALYZE segment"))


def make_workflows(workspace_id):
    """(id, id of its version) of each."""
    from tests.factories import make_workflow

    made = [make_workflow(*STEPS, name=f"flow-{number:02}") for number in range(WORKFLOWS)]
    return [(workflow.id, workflow.published_id) for workflow in made]


def one_journal(workflow_id):
    """What a real run of these steps leaves in its segments."""
    from core.runtime.advance import advance_run
    from core.runtime.runs import NewRun, start
    from core.storage.db import db
    from core.storage.workflow import Workflow

    workflow = db.session.get_one(Workflow, workflow_id)
    run = start(NewRun(workflow, workflow.published, "manual", {"body": {"id": 1}}))
    advance_run(run.id)
    query = text("SELECT seq, fence, at, entries FROM segment WHERE run_id = :run ORDER BY seq")
    found = [dict(row._mapping) for row in db.session.execute(query, {"run": run.id})]
    db.session.rollback()
    return found


def runs(workspace_id, owners, count):
    """Rows as the database holds them, the oldest first."""
    from core import clock

    chance = random.Random(7)
    states = chance.choices(list(STATES), STATES.values(), k=count)
    origins = chance.choices(list(ORIGINS), ORIGINS.values(), k=count)
    busy = [1 / (number + 1) for number in range(WORKFLOWS - 1)]
    flows = chance.choices(owners[:-1], busy, k=count)
    rare = set(chance.sample(range(count), min(RARE, count)))
    end = clock.now().timestamp()
    step = timedelta(days=DAYS).total_seconds() / count
    for number in range(count):
        flow = owners[-1] if number in rare else flows[number]
        at = end - (count - number) * step
        yield run(workspace_id, flow, number, at, states[number], origins[number])


def run(workspace_id, flow, number, at, stands, origin):
    state, reason = stands
    customer = name_of(number)
    milliseconds = f"{int(at * 1000):012x}"
    is_over = state in FINAL
    body = {"id": f"ORD-{number:07}", "customer": f"{customer}@example.org", "text": filler(number)}
    answer = {"status": 200, "body": {"id": body["id"]}, "headers": {}, "content_type": None}
    return {
        "id": f"{milliseconds[:8]}-{milliseconds[8:]}-7000-8000-{number:012x}",
        "workspace_id": workspace_id,
        "workflow_id": flow[0],
        "version_id": flow[1],
        "mode": "test" if origin == "test" else "draft" if number % 331 == 0 else "live",
        "origin": origin,
        "started_by": "key Web shop" if origin == "endpoint" else "Ana",
        "depth": 0,
        "chain": 0,
        "lane": "io",
        "state": state,
        "reason": reason,
        "title": f"{body['id']} · {customer}@example.org",
        "input": json.dumps({"headers": {"user-agent": "curl/8"}, "query": {}, "body": body}),
        "response": json.dumps(answer) if state == "succeeded" else None,
        "error": json.dumps(ERROR) if state == "failed" else None,
        "fence": 1,
        "seq": 1,
        "wake_at": at + 90 * 86400 if reason in ("time", "retry") else None,
        "deaths": 0,
        "round": 1,
        "running_ms": 12,
        "steps_used": 3,
        "timezone": "UTC",
        "created_at": at,
        "started_at": None if state == "queued" else at + 0.01,
        "finished_at": at + 0.04 + number * 37 % 900 / 1000 if is_over else None,
        "rung_at": at,
    }


def name_of(number):
    """A customer's name: five letters, always the same for this number."""
    return WORDS[number * 7919 % len(WORDS)]


def filler(number):
    """Some three hundred characters that differ from run to run."""
    begin = number * 31 % (len(WORDS) - 45)
    return " ".join(WORDS[begin : begin + 45])


def insert(connection, table, rows):
    """Many rows at once, the quickest way that the database knows."""
    names = list(rows[0])
    if connection.dialect.name == "postgresql":
        copying = f"COPY {table} ({', '.join(names)}) FROM STDIN"
        with connection.connection.cursor() as cursor, cursor.copy(copying) as copy:
            for row in rows:
                copy.write_row(tuple(row.values()))
        return
    marks = ", ".join("?" for _ in names)
    given = [tuple(row.values()) for row in rows]
    connection.exec_driver_sql(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", given)
