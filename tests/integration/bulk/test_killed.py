"""Workers are killed while they write and carry out a batch."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from core.storage.batch import Batch
from core.storage.db import db
from core.storage.run import Run
from core.storage.stored_value import StoredValue
from tests.conftest import DATABASES
from tests.factories import fresh, make_workflow, start_run
from tests.waiting import wait_until

pytestmark = pytest.mark.parametrize("database", DATABASES, indirect=True)

WORKER = Path(__file__).resolve().parents[3] / "worker.py"
ITEMS = 700
KILLS = 3
COUNT = {"id": "count", "type": "increment_value", "inputs": {"key": "total"}}
COUNT_AFTER = {"id": "count", "type": "increment_value", "inputs": {"key": "after"}}


@pytest.fixture
def processes(app, settings, database_url):
    """Real workers and a scheduler on this test's database; `kill` ends a worker and starts one."""
    environment = {
        **os.environ,
        "OPENBUILD_HOME": str(settings.home),
        "OPENBUILD_REDIS_URL": settings.redis_url,
        "OPENBUILD_DURABILITY": "normal",
    }
    if database_url:
        environment["OPENBUILD_DATABASE_URL"] = database_url

    def begin(kind):
        command = [sys.executable, str(WORKER), kind]
        return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)

    workers = [begin("work"), begin("work")]
    others = [begin("schedule")]

    def kill():
        victim = workers.pop(random.randrange(len(workers)))
        victim.kill()
        victim.wait()
        workers.append(begin("work"))

    yield kill
    for process in [*workers, *others]:
        process.kill()
        process.wait()


def items():
    db.session.rollback()
    query = db.select(Run.state, db.func.count()).where(Run.batch_id.is_not(None))
    return {state: count for state, count in db.session.execute(query.group_by(Run.state))}


def stored(key):
    db.session.rollback()
    return db.session.scalar(db.select(StoredValue.value).where(StoredValue.key == key))


def test_a_worker_is_killed_while_it_plans_a_list_and_each_item_runs_once(app, processes):
    make_workflow(COUNT, name="each")
    make_workflow(COUNT_AFTER, name="after")
    given = {
        "workflow": "each",
        "list": f"{{{{ range({ITEMS}) }}}}",
        "parameters": {"n": "{{ item }}"},
    }
    plan = {"id": "plan", "type": "schedule_on_list", "inputs": {**given, "when_finished": "after"}}
    planner = start_run(plan)

    for kill in range(KILLS):
        least = ITEMS * kill // (KILLS + 1)
        wait_until(lambda least=least: items().get("succeeded", 0) >= least, 90)
        processes()

    wait_until(lambda: items() == {"succeeded": ITEMS}, 120)
    wait_until(lambda: stored("after") == 1, 30)
    assert fresh(planner).state == "succeeded"
    assert stored("total") == ITEMS
    batch = db.session.scalars(db.select(Batch)).one()
    assert (batch.state, batch.unfilled, batch.counts["done"]) == ("done", 0, ITEMS)
    indexes = db.session.scalars(db.select(Run.batch_index).where(Run.batch_id == batch.id))
    assert sorted(indexes) == list(range(ITEMS))
