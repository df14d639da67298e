"""Five scheduler processes over the same schedules, killed one after the other: each time once."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from core import clock
from core.runtime import schedules
from core.storage.db import db, transaction
from core.storage.run import Run
from core.storage.schedule import Schedule
from tests.conftest import DATABASES
from tests.factories import make_workflow, workspace
from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = Path(__file__).with_name("schedulers.py")
SCHEDULES, SECONDS, TIMES, KILLS = 50, 2, 4, 6
STEP = {"id": "hello", "type": "compose", "inputs": {"value": 1}}


class Schedulers:
    """Real scheduler processes on the database of the test."""

    def __init__(self, settings):
        given = {
            "OPENBUILD_HOME": str(settings.home),
            "OPENBUILD_DATABASE_URL": settings.database_url,
            "OPENBUILD_REDIS_URL": settings.redis_url,
            "OPENBUILD_DURABILITY": "normal",
            "PYTHONPATH": str(ROOT),
        }
        self.process = subprocess.Popen(
            [sys.executable, str(PROGRAM)],
            cwd=ROOT,
            env=os.environ | given,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout.readline() == "started\n"

    def kill_the_oldest(self):
        """Kill one as a power cut would, and start another in its place."""
        self.process.stdin.write("kill\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "killed\n"

    def close(self):
        """Kill them all."""
        if self.process.poll() is None:
            self.process.communicate(timeout=30)


@pytest.fixture
def schedulers(app, settings):
    running = []

    def start():
        running.append(Schedulers(settings))
        return running[0]

    yield start
    for group in running:
        group.close()


def plan(count):
    """Workflows that all run every two seconds, the first time a little later."""
    said = {"key": "often", "every": f"{SECONDS}s", "overlap": "allow", "missed": "run_all"}
    schedules.pause_all(workspace(), by="Olga")
    for _ in range(count):
        make_workflow(STEP, triggers={"schedules": [said]})
    begin = (clock.now() + timedelta(seconds=3)).replace(microsecond=0)
    with transaction():
        for schedule in db.session.scalars(db.select(Schedule)):
            schedule.starts_at = schedule.next_at = begin
    schedules.resume_all(workspace())
    return begin


def started():
    """All due times that were started, by workflow."""
    db.session.rollback()
    found = {}
    for workflow_id, due_at in db.session.execute(db.select(Run.workflow_id, Run.due_at)):
        found.setdefault(workflow_id, []).append(due_at)
    return found


@pytest.mark.parametrize("database", DATABASES, indirect=True)
def test_five_schedulers_that_are_killed_start_each_time_once(app, schedulers):
    group = schedulers()
    begin = plan(SCHEDULES)
    last = begin + timedelta(seconds=SECONDS * TIMES)

    def is_done():
        found = started()
        return len(found) == SCHEDULES and all(max(times) >= last for times in found.values())

    for moment in range(KILLS):
        wait_until(lambda at=begin + timedelta(seconds=moment): clock.now() > at, 60)
        group.kill_the_oldest()
    wait_until(is_done, 90, every=0.3)
    group.close()

    for times in started().values():
        expected = [begin + timedelta(seconds=SECONDS * n) for n in range(len(times))]
        assert sorted(times) == expected


def test_a_schedulers_clock_is_the_databases(app):
    from core.runtime import firing

    begin = plan(1)
    with clock.freeze(begin + timedelta(hours=1)):
        firing.fire_due()

    assert started() == {}
    assert schedules.rhythm(db.session.scalar(db.select(Schedule))).next_after(begin) > begin
