"""What a process dies or stands still at: each kind of step, with the world that it acts on.

`most` is how often it happens where a death hides what became of it; everywhere else it is once.
"""

import re

from core import clock
from core.engine.step_type import Effect
from core.runtime import advance, approvals, callbacks, mail_posting, unknown_outcomes
from core.runtime.callbacks import Place
from core.runtime.values import TransactionValues
from core.steps import step_types
from core.storage.batch import Batch
from core.storage.db import db, write_connection
from core.storage.run import Run, StepRun
from core.storage.stored_value import StoredValue
from tests.chaos.crash_points import WATCHED, after_the_effect, before_the_effect, frozen
from tests.factories import fresh, make_workflow, start_run, workspace
from tests.integration.mail.conftest import connect
from tests.integration.outward.listener import Listener, ok
from tests.integration.running.test_crash import entries_of
from tests.mailboxes import Mailbox
from tests.unit.engine.machines import step

COUNT = step("count", "increment_value", key=WATCHED, by=1)


def value_of(key):
    db.session.rollback()
    return db.session.scalar(db.select(StoredValue.value).where(StoredValue.key == key))


def runs_by(run):
    """The runs that it has started or planned."""
    db.session.rollback()
    query = db.select(Run).where(Run.parent_run_id == run.id).order_by(Run.batch_index)
    return db.session.scalars(query).all()


class Kind:
    """What happens inside openBuild: once, at every point."""

    most = 1
    is_unsure_at = ()  # the points at which a person must say what happened

    def close(self):
        pass

    def meanwhile(self, run):
        """What others do while the run stands where it stands."""

    def happened(self, run):
        """One for each time that it happened, named so that a repetition can be recognised."""
        return ["counted"] * (value_of(WATCHED) or 0)


class Request(Kind):
    """A request to another system that may be sent again."""

    type = "call_api"
    most = 2  # one that was sent and not written down is sent again, under the same key
    given = {"after_crash": "run_again"}

    def __init__(self):
        self.listener = Listener(ok(b'{"id": 7}'))
        self.close = self.listener.close

    def step(self):
        url = f"{self.listener.url}/pay"
        return step(WATCHED, "call_api", method="POST", url=url, **self.given)

    def happened(self, run):
        lines = [line.lower() for head in self.listener.heads for line in head.splitlines()]
        return [line for line in lines if line.startswith("idempotency-key")]


class OnceOnly(Request):
    """A request that must not be sent twice: a person looks whether it has arrived."""

    most = 1
    given = {}
    is_unsure_at = (before_the_effect, after_the_effect, frozen)

    def meanwhile(self, run):
        if fresh(run).reason != "unknown_outcome":
            return
        is_there = bool(self.happened(run))
        decision = "happened" if is_there else "run_again"
        unknown_outcomes.decide(run, WATCHED, decision, by="Ana", output={"body": {"id": 7}})


class Letter(Kind):
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


class Question(Letter):
    """A question to a person, who answers by the link in the mail."""

    type = "ask_approval"
    most = 1

    def step(self):
        return step(WATCHED, "ask_approval", who="ana@example.org", message="May Ben buy it?")

    def meanwhile(self, run):
        mail_posting.send_queued()
        for question in approvals.of_run(run.id):
            text = self.mailbox.messages[-1].get_body(("plain",)).get_content()
            by_link, person = approvals.by_link(re.search(r"/approvals/(\S+)", text).group(1))
            assert by_link.place == question.place
            approvals.answer(by_link, approved=True, by=person.email, comment="", fields={})

    def happened(self, run):
        assert output_of(run)["by"] == "ana@example.org"
        return super().happened(run)


class Increment(Kind):
    """A number that is added to."""

    type = "increment_value"

    def step(self):
        return step(WATCHED, "increment_value", key=WATCHED, by=1)


class Store(Kind):
    """A value that is stored."""

    type = "store_value"

    def step(self):
        return step(WATCHED, "store_value", key=WATCHED, value=1)


class Reading(Kind):
    """A value that is read, and is another one later: what was written down as read stays."""

    type = "read_value"
    expected = None

    def step(self):
        self.store(1)
        return step(WATCHED, "read_value", key=WATCHED)

    def store(self, value):
        workspace_id = workspace().id
        with write_connection() as connection:
            TransactionValues(connection, workspace_id).store(WATCHED, value, expires=None)

    def meanwhile(self, run):
        if self.expected is None:
            self.expected = self.read_by(run) or 2
            self.store(2)

    def read_by(self, run):
        row = db.session.get(StepRun, (run.id, WATCHED, 1), populate_existing=True)
        return row.output if row else None

    def happened(self, run):
        db.session.rollback()
        assert self.read_by(run) == self.expected
        return ["read"]


class Child(Kind):
    """A run of another workflow that is waited for."""

    type = "run_workflow"

    def step(self):
        return step(WATCHED, self.type, workflow=make_workflow(COUNT).name)

    def happened(self, run):
        assert [child.state for child in runs_by(run)] == ["succeeded"]
        return super().happened(run)


class Planned(Child):
    """A run of another workflow that is planned, and begins by itself."""

    type = "schedule_workflow"


class OnList(Kind):
    """A batch: a run for each item of a list."""

    type = "schedule_on_list"

    def step(self):
        given = {"workflow": make_workflow(COUNT).name, "list": [{}, {}], "concurrency": 1}
        return step(WATCHED, "schedule_on_list", **given)

    def happened(self, run):
        items = [(item.batch_index, item.state) for item in runs_by(run)]
        assert items == [(0, "succeeded"), (1, "succeeded")]
        assert value_of(WATCHED) == 2
        batches = db.session.scalars(db.select(Batch)).all()
        assert [batch.counts["done"] for batch in batches] == [2]
        return [batch.id for batch in batches]


class TakenBack(Kind):
    """A planned run that is taken back before it begins."""

    type = "cancel_scheduled"

    def step(self):
        christmas = f"{clock.now().year + 1}-12-24T09:00"
        given = {"workflow": make_workflow(COUNT).name, "at": christmas}
        self.planner = start_run(step("plan", "schedule_workflow", **given))
        advance.advance_run(self.planner.id)
        (planned,) = runs_by(self.planner)
        assert planned.state == "waiting"
        return step(WATCHED, "cancel_scheduled", run_ids=[planned.id])

    def happened(self, run):
        assert [planned.state for planned in runs_by(self.planner)] == ["cancelled"]
        assert value_of(WATCHED) is None
        return ["cancelled"] * output_of(run)["cancelled"]


class Pause(Kind):
    """A wait: its end is fixed once."""

    type = "wait"

    def step(self):
        return step(WATCHED, "wait", **{"for": "20ms"})

    def happened(self, run):
        return [entry for entry in entries_of(run) if entry[:2] == ["open", WATCHED]]


class Call(Pause):
    """A wait for a call from outside, which comes when the run sleeps."""

    type = "wait_for_call"

    def step(self):
        return step(WATCHED, "wait_for_call")

    def meanwhile(self, run):
        if fresh(run).reason == "call":
            assert callbacks.receive(Place(run.id, WATCHED), {"is_paid": True}) == "accepted"


class Turns(Kind):
    """A loop: its list is fixed once, and each of its turns counts once."""

    type = "increment_value"

    def step(self):
        return step(WATCHED, "for_each", list=[1, 2, 3], branches={"body": [COUNT]})

    def happened(self, run):
        assert value_of(WATCHED) == 3
        return [entry for entry in entries_of(run) if entry[:2] == ["open", WATCHED]]


def output_of(run):
    """What the step at the point gave, as the run's pages show it."""
    done = [entry for entry in entries_of(run) if entry[:2] == ["done", WATCHED]]
    return done[0][2] if done else None


KINDS = (
    Request,
    OnceOnly,
    Letter,
    Increment,
    Store,
    Reading,
    Child,
    Planned,
    OnList,
    TakenBack,
    Question,
    Pause,
    Call,
    Turns,
)


def missing():
    """The step types that act, or that end later than they begin, of which no kind is here.

    What others give is computed again and written together with what follows from it: a line in
    the log, too, is an entry of the run's own record.
    """
    acting = {
        key
        for key, step_type in step_types().items()
        if step_type.effect is not Effect.PURE or step_type.sleeps
    }
    return acting - {kind.type for kind in KINDS}
