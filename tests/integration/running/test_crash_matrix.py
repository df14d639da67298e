"""Every kind of step × every point where its process can die: what happened, and how often."""

import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from core import config
from core.engine.states import RunState
from core.runtime import rescue
from core.storage.db import db
from core.storage.run import Run
from core.storage.stored_value import StoredValue
from tests.chaos import crash_points
from tests.chaos.crash_points import DEATHS, POINTS, WATCHED, after_the_effect, frozen
from tests.conftest import DATABASES
from tests.factories import fresh, make_workflow, start_run
from tests.integration.mail.conftest import connect
from tests.integration.outward.listener import Listener, ok
from tests.integration.running.dying import end_lease
from tests.integration.running.test_crash import entries_of
from tests.mailboxes import Mailbox
from tests.processes import Process
from tests.unit.engine.machines import step
from tests.waiting import wait_until

TIMES = int(os.environ.get("CRASH_MATRIX_TIMES", "1"))
ROOT = Path(__file__).parents[3]
NEXT = step("next", "increment_value", key="next", by=1)


class Request:
    """A request to another system that may be sent again."""

    type = "call_api"
    most = 2  # one that was sent and not written down is sent again, under the same key

    def __init__(self):
        self.listener = Listener(ok(b'{"id": 7}'))
        self.close = self.listener.close

    def step(self):
        url = f"{self.listener.url}/pay"
        return step(WATCHED, "call_api", method="POST", url=url, after_crash="run_again")

    def happened(self, run):
        lines = [line.lower() for head in self.listener.heads for line in head.splitlines()]
        return [line for line in lines if line.startswith("idempotency-key")]


class Letter:
    """A mail."""

    type = "send_email"
    most = 2

    def __init__(self):
        self.mailbox = Mailbox()
        self.close = self.mailbox.close
        connect(self.mailbox.port)

    def step(self):
        given = {"to": "ana@example.org", "subject": "Hello", "text": "Hello Ana"}
        return step(WATCHED, "send_email", connection="office", **given)

    def happened(self, run):
        return [message["Message-ID"] for message in self.mailbox.messages]


class Inside:
    """What happens inside openBuild: once, at every point."""

    most = 1

    def close(self):
        pass

    def happened(self, run):
        db.session.rollback()
        query = db.select(StoredValue.value).where(StoredValue.key == WATCHED)
        return ["counted"] * (db.session.scalar(query) or 0)


class Increment(Inside):
    """A number that is added to."""

    type = "increment_value"

    def step(self):
        return step(WATCHED, "increment_value", key=WATCHED, by=1)


class Child(Inside):
    """A run of another workflow that is waited for."""

    type = "run_workflow"

    def step(self):
        workflow = make_workflow(step("count", "increment_value", key=WATCHED, by=1))
        return step(WATCHED, "run_workflow", workflow=workflow.name)

    def happened(self, run):
        children = db.select(Run.id).where(Run.parent_run_id == run.id)
        assert len(db.session.scalars(children).all()) == 1
        return super().happened(run)


class Store(Inside):
    """A value that is stored."""

    type = "store_value"

    def step(self):
        return step(WATCHED, "store_value", key=WATCHED, value=1)


class Pause(Inside):
    """A wait: its end is fixed once."""

    type = "wait"

    def step(self):
        return step(WATCHED, "wait", **{"for": "20ms"})

    def happened(self, run):
        return [entry for entry in entries_of(run) if entry[:2] == ["open", WATCHED]]


class Turns(Inside):
    """A loop: its list is fixed once, and each of its turns counts once."""

    type = "increment_value"

    def step(self):
        body = [step("count", "increment_value", key=WATCHED, by=1)]
        return step(WATCHED, "for_each", list=[1, 2, 3], branches={"body": body})

    def happened(self, run):
        turns = super().happened(run)
        assert len(turns) == 3
        return [entry for entry in entries_of(run) if entry[:2] == ["open", WATCHED]]


KINDS = (Request, Letter, Increment, Store, Child, Pause, Turns)


@pytest.fixture
def kind(request, app):
    """What stands in the workflow, with the world it acts on."""
    config.use(replace(config.current(), allowed_hosts_out=("127.0.0.0/8",)))
    kind = request.param()
    yield kind
    kind.close()


def finish(run, work):
    """What another process makes of it when the lease is over."""
    if fresh(run).state == RunState.RUNNING:
        end_lease(run)

    def ended():
        for other in db.session.scalars(db.select(Run).where(Run.state == RunState.RUNNING)):
            end_lease(other)
        rescue.rescue_dead()
        work()
        return fresh(run).is_final

    wait_until(ended, 20)


def names(things):
    return [thing.__name__ for thing in things]


@pytest.mark.parametrize("turn", range(TIMES))
@pytest.mark.parametrize("point", POINTS, ids=names(POINTS))
@pytest.mark.parametrize("kind", KINDS, ids=names(KINDS), indirect=True)
@pytest.mark.parametrize("database", DATABASES, indirect=True)
def test_it_happens_once_or_again_under_the_same_name(app, work, kind, point, turn):
    run = start_run(kind.step(), NEXT)

    process = Process(crash_points.carry_out, run.id, point, kind.type)
    # One that did not meet its point would prove nothing.
    assert process.outcome() == (-signal.SIGKILL if point in DEATHS else None)
    finish(run, work)
    if point is frozen:
        assert process.go_on() == 0

    happened = kind.happened(run)
    most = kind.most if point in (after_the_effect, frozen) else 1
    # Whose end comes first, the frozen one's or its successor's, is not settled.
    assert len(happened) in ((1, most) if point is frozen else (most,))
    assert len(set(map(str, happened))) == 1
    assert fresh(run).state == "succeeded"
    assert counted("next") == 1


def counted(key):
    db.session.rollback()
    return db.session.scalar(db.select(StoredValue.value).where(StoredValue.key == key))


def test_the_product_has_no_point_at_which_it_kills_itself():
    files = [*ROOT.glob("*.py"), *ROOT.glob("core/**/*.py"), *ROOT.glob("blueprints/**/*.py")]
    told = [file for file in files if "crash_point" in file.read_text()]
    own = [file for file in files if "os.kill(os.getpid()" in file.read_text()]

    assert len(files) > 100
    assert (told, own) == ([], [])
