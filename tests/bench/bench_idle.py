"""A whole openBuild that has nothing to do, without and with 10,000 runs that sleep.

Started as people do, with a worker for each core. Memory is what all its processes take together,
in MB of which shared pages are counted once (PSS), without PostgreSQL's; the processor's share is
what they use while they wait.
"""

import tempfile
import time
from pathlib import Path

from core import config
from tests.bench.own_app import both_databases
from tests.openbuild import Openbuild, cpu_seconds, memory_mb

SLEEPING = 10_000
SECONDS = 20.0  # of doing nothing
WORKFLOW = """
openbuild: 1
workflow: sleeper
triggers: {endpoint: {exposed: true}}
steps:
  - {id: pause, type: wait, inputs: {for: 30d}}
"""


def measure():
    """How many times as much of a processor it uses with sleeping runs."""
    parts = []
    with both_databases() as databases:
        for name, database in databases.items():
            with tempfile.TemporaryDirectory(prefix="openbuild-bench-") as folder:
                openbuild = Openbuild(Path(folder) / "var", database.get("database_url", ""))
                parts += measure_on(name, openbuild)
    return {"name": "idle", "ratio": parts[1]["ratio"], "parts": parts}


def measure_on(database, openbuild):
    try:
        openbuild.up()
        bare = rest(openbuild, f"{database}: nothing to do")
        fall_asleep(openbuild)
        asleep = rest(openbuild, f"{database}: {SLEEPING} runs asleep")
    finally:
        openbuild.close()
    for each in (bare, asleep):
        each["ratio"] = each["microseconds"] / bare["microseconds"]
    return [bare, asleep]


def rest(openbuild, name):
    """Look on for a while; `microseconds` are those of a processor in each second."""
    pids = openbuild.processes().values()
    before = sum(map(cpu_seconds, pids))
    time.sleep(SECONDS)
    share = (sum(map(cpu_seconds, pids)) - before) / SECONDS
    megabytes = memory_mb(openbuild.processes().values())
    name = f"{name}: {share * 100:.1f} % of a processor, {megabytes:.0f} MB"
    return {"name": name, "microseconds": share * 1e6, "per_second": megabytes}


def fall_asleep(openbuild):
    """Runs that wait for 30 days, written as a worker leaves them."""
    file = openbuild.home.parent / "sleeper.yaml"
    file.write_text(WORKFLOW)
    told = openbuild.run("workflows", "apply", str(file), "--publish")
    assert told.returncode == 0, told.stderr
    config.use(config.load(openbuild.environment()))
    try:
        from app import create_app

        with create_app().app_context():
            put_to_sleep(SLEEPING)
    finally:
        config.use(None)


def put_to_sleep(count):
    from datetime import timedelta

    from sqlalchemy import insert

    from core import clock
    from core.runtime import runs
    from core.runtime.runs import NewRun
    from core.storage.db import db, write_connection
    from core.storage.run import Run, Wait
    from core.storage.workflow import Workflow
    from core.storage.workspace import Workspace

    workflow = db.session.scalar(db.select(Workflow).where(Workflow.name == "sleeper"))
    workspace = db.session.get_one(Workspace, workflow.workspace_id)
    due = clock.now() + timedelta(days=30)
    asleep = {"state": "waiting", "reason": "time", "wake_at": due, "rung_at": None, "seq": 1}
    rows = [
        runs.row_of(NewRun(workflow, workflow.published, "manual", {"n": n}), workspace) | asleep
        for n in range(count)
    ]
    waits = [
        {"run_id": row["id"], "path": "pause", "round": 1, "kind": "time", "wake_at": due}
        for row in rows
    ]
    with write_connection() as connection:
        connection.execute(insert(Run.__table__), rows)
        connection.execute(insert(Wait.__table__), waits)
