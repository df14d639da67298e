"""Every kind of step × every point where its process can die: what happened, and how often."""

import os
import signal
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from core import clock, config
from core.engine.states import RunState
from core.runtime import batches, duties, rescue
from core.runtime.turns import UNFINISHED
from core.storage.batch import Batch
from core.storage.db import db, transaction
from core.storage.mail import QUEUED, Mail
from core.storage.run import Run
from tests.chaos import crash_points
from tests.chaos.crash_points import (
    DEATHS,
    POINTS,
    after_the_effect,
    before_the_follow_up,
    frozen,
)
from tests.conftest import DATABASES
from tests.factories import fresh, start_run
from tests.integration.running.crash_kinds import KINDS, missing, value_of
from tests.processes import Process
from tests.unit.engine.machines import step
from tests.waiting import wait_until

TIMES = int(os.environ.get("CRASH_MATRIX_TIMES", "1"))
ROOT = Path(__file__).parents[3]
NEXT = step("next", "increment_value", key="next", by=1)
SWEEPS = (rescue.rescue_dead, duties.wake_due, batches.sweep, rescue.ring_unheard)


@pytest.fixture
def kind(request, app):
    """What stands in the workflow, with the world it acts on."""
    config.use(replace(config.current(), allowed_hosts_out=("127.0.0.0/8",)))
    kind = request.param()
    yield kind
    kind.close()


def names(things):
    return [thing.__name__ for thing in things]


@pytest.mark.parametrize("turn", range(TIMES))
@pytest.mark.parametrize("point", POINTS, ids=names(POINTS))
@pytest.mark.parametrize("kind", KINDS, ids=names(KINDS), indirect=True)
@pytest.mark.parametrize("database", DATABASES, indirect=True)
def test_it_happens_once_or_again_under_the_same_name(app, work, kind, point, turn):
    run = start_run(kind.step(), NEXT)

    with process_that_meets(point, run, kind) as process:
        assert process.outcome() == (-signal.SIGKILL if point in DEATHS else None)
        was_unsure = finish(run, kind, dying(point, run, kind) or work)
        if point is frozen:
            assert process.go_on() == 0

    happened = kind.happened(run)
    assert len(happened) == (kind.most if point in (after_the_effect, frozen) else 1)
    assert len(set(map(str, happened))) == 1
    assert was_unsure == (point in kind.is_unsure_at)
    assert fresh(run).state == "succeeded"
    assert value_of("next") == 1


def process_that_meets(point, run, kind):
    """The process that gets there: before it there is one more if the run sleeps on its way."""
    process = Process(crash_points.carry_out, run.id, point, kind.type)
    if process.outcome() != 0:
        return process
    kind.meanwhile(run)
    # One that does not meet its point either would prove nothing.
    return Process(crash_points.carry_out, run.id, point, kind.type)


def dying(point, run, kind):
    """Workers of whom each dies before the follow-up: nobody ever hears what others have done."""
    if point is not before_the_follow_up:
        return None

    def work():
        with Process(crash_points.carry_out, run.id, point, kind.type) as process:
            assert process.outcome() in (0, -signal.SIGKILL)

    return work


def finish(run, kind, work):
    """What others make of it when time has passed; whether a person was asked what had happened."""
    asked = []

    def is_over():
        let_time_pass()
        for sweep in SWEEPS:
            sweep()
        kind.meanwhile(run)
        work()
        asked.append(fresh(run).reason == "unknown_outcome")
        return not is_something_left()

    wait_until(is_over, 30, every=0)
    return any(asked)


def let_time_pass():
    """As if leases were over, and what was to be heard or sent long ago had not been."""
    past = clock.now() - timedelta(minutes=1)
    with transaction() as session:
        for table, state, due in (
            (Run, Run.state == RunState.RUNNING, "lease_until"),
            (Run, Run.state == RunState.QUEUED, "rung_at"),
            (Mail, Mail.state == QUEUED, "next_try_at"),
        ):
            session.execute(db.update(table).where(state).values({due: past}))


def is_something_left():
    runs = db.select(db.exists().where(Run.state.in_(UNFINISHED)))
    batches = db.select(db.exists().where(Batch.ended_at.is_(None)))
    return any(db.session.scalar(query) for query in (runs, batches))


def test_every_step_type_that_acts_is_in_the_table():
    assert missing() == set()


def test_the_product_has_no_point_at_which_it_kills_itself():
    files = [*ROOT.glob("*.py"), *ROOT.glob("core/**/*.py"), *ROOT.glob("blueprints/**/*.py")]
    told = [file for file in files if "crash_point" in file.read_text()]
    own = [file for file in files if "os.kill(os.getpid()" in file.read_text()]

    assert len(files) > 100
    assert (told, own) == ([], [])
