"""Any order of calls, claims, power cuts, cancellations, retries and publications: what holds."""

import contextlib
import itertools
from collections import defaultdict
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from core import clock, queue
from core.engine.errors import StateConflict
from core.engine.http_messages import OutgoingAnswer
from core.engine.states import FINAL, RunState
from core.runtime import (
    advance,
    consistency,
    duties,
    leases,
    outgoing,
    rescue,
    resuming,
    runs,
)
from core.runtime.journal import RunJournal
from core.runtime.runs import NewRun, OriginTaken
from core.storage.db import db, transaction
from core.storage.run import Run
from core.storage.stored_value import StoredValue
from tests.conftest import DATABASES
from tests.factories import make_workflow, publish
from tests.times import shift
from tests.unit.engine.machines import step

LONG = timedelta(days=1)
ROUNDS = 60
WELL, FOR_NOW, FOR_GOOD = 200, 503, 400
SIZE = settings(
    max_examples=15,
    stateful_step_count=35,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),  # shrinking takes minutes, and the steps are printed
    suppress_health_check=list(HealthCheck),
)


# Before or after which commit the power is cut; most often within the first effects.
CUTS = st.tuples(st.integers(0, 3) | st.integers(0, 8), st.booleans()) | st.none()


class PowerCut(BaseException):
    """The process is gone; nothing in it may still write."""


def definition(number):
    return [
        step("inside", "increment_value", key="inside {{ run.id }}", by=1),
        step("outside", "call_api", method="PUT", url="https://a.test/{{ run.id }}"),
        step("pause", "wait", **{"for": "1h"}) | {"only_when": "{{ trigger.sleeps }}"},
        step("again", "increment_value", key="again {{ run.id }}", by=1),
        step("answer", "return_data", body={"version": number}),
    ]


class Outside:
    """Another system: keeps the keys it was called with, and answers as it is told to."""

    def __init__(self):
        self.keys = defaultdict(list)
        self.status = WELL

    def send(self, request, **_):
        key = next(text for name, text in request.headers.items() if name == "Idempotency-Key")
        self.keys[request.url.rpartition("/")[2]].append(key)
        return OutgoingAnswer(self.status, {}, {"ok": self.status == WELL}, request.url)


class Lives(RuleBasedStateMachine):
    """Runs of one workflow, holders that come and go, and a model of what was promised."""

    outside = Outside()
    passed = timedelta()  # what the clock shows more than it should

    def __init__(self):
        super().__init__()
        self.outside.status = WELL
        self.published = 1
        self.workflow = make_workflow(*definition(1))
        self.promised = {}  # version by run
        self.ended = {}  # final row by run
        self.rounds = defaultdict(lambda: 1)  # how often a run was begun by a person
        self.fences = defaultdict(int)
        self.frozen = []  # claims, of which some are no longer the newest

    @rule(sleeps=st.booleans(), key=st.sampled_from(["a", "b", None]))
    def accept(self, sleeps, key):
        given = {"headers": {}, "query": {}, "body": {}, "caller": None, "sleeps": sleeps}
        version = self.workflow.published
        new = NewRun(self.workflow, version, "endpoint", given, origin_key=key)
        try:
            self.promised[runs.start(new).id] = version.number
        except OriginTaken as taken:
            assert taken.run_id in self.promised

    @rule()
    def publish_another_version(self):
        self.published += 1
        with transaction() as session:
            self.workflow = session.get_one(type(self.workflow), self.workflow.id)
            self.workflow.draft = {**self.workflow.draft, "steps": definition(self.published)}
            self.workflow.revision += 1
        publish(self.workflow)

    @precondition(lambda self: self.promised)
    @rule(data=st.data())
    def claim_and_freeze(self, data):
        """A holder that stands still: what it does later may be too late."""
        if claim := leases.claim(data.draw(st.sampled_from(sorted(self.promised)))):
            self.frozen.append(claim)

    @precondition(lambda self: self.frozen)
    @rule(cut=CUTS)
    def thaw(self, cut):
        carry_out(self.frozen.pop(0), cut)

    @rule(data=st.data(), cut=CUTS)
    def work(self, data, cut):
        """A worker takes a run as far as it goes, perhaps until its power is cut."""
        db.session.rollback()
        queued = db.session.scalars(mine(self.promised).where(Run.state == RunState.QUEUED))
        ids = sorted(run.id for run in queued)
        if ids and (claim := leases.claim(data.draw(st.sampled_from(ids)))):
            carry_out(claim, cut)

    @rule(data=st.data(), first=CUTS, second=CUTS)
    def die_again_and_again(self, data, first, second):
        self.work(data=data, cut=first)
        self.leases_end()
        self.work(data=data, cut=second)
        self.leases_end()

    @rule()
    def leases_end(self):
        change(lease_until=clock.now() - LONG)
        rescue.rescue_dead()

    @rule()
    def time_passes(self):
        Lives.passed += LONG
        with transaction() as session:
            asleep = Run.wake_at.is_not(None)
            session.execute(db.update(Run).where(asleep).values(wake_at=clock.now() - LONG))
        duties.wake_due()

    @precondition(lambda self: self.promised)
    @rule(data=st.data())
    def cancel(self, data):
        run = db.session.get_one(Run, data.draw(st.sampled_from(sorted(self.promised))))
        with contextlib.suppress(StateConflict):
            runs.cancel(run)

    @precondition(lambda self: self.failed)
    @rule(data=st.data(), is_published=st.booleans())
    def take_up(self, data, is_published):
        """A person retries a failed run; who does it with an old plan is too late."""
        run = db.session.get_one(Run, data.draw(st.sampled_from(self.failed)))
        plan = resuming.plan(run, is_published=is_published)
        resuming.retry(run, plan, by="Ana")
        with pytest.raises(StateConflict):
            resuming.retry(run, plan, by="Ben")
        del self.ended[run.id]
        self.rounds[run.id] += 1
        if is_published:
            self.promised[run.id] = self.published

    @property
    def failed(self):
        return sorted(run for run, (state, *_) in self.ended.items() if state == RunState.FAILED)

    @rule()
    def lose_the_queue(self):
        queue.connection().flushall()
        rescue.ring_unheard()

    @rule(status=st.sampled_from([WELL, FOR_NOW, FOR_GOOD]))
    def break_or_mend_the_other_system(self, status):
        self.outside.status = status

    @invariant()
    def every_promise_is_a_row_that_can_go_on_or_has_ended_for_good(self):
        db.session.rollback()
        rows = {row.id: row for row in db.session.scalars(mine(self.promised))}
        assert set(rows) == set(self.promised)
        for run_id, row in rows.items():
            db.session.refresh(row)
            self.judge(run_id, row)

    def judge(self, run_id, row):
        assert row.fence >= self.fences[run_id]
        self.fences[run_id] = row.fence
        final = (row.state, row.reason, row.response, row.finished_at)
        if run_id in self.ended:
            assert final == self.ended[run_id]
        elif row.state in FINAL:
            self.ended[run_id] = final
        assert (row.lease_until is not None) == (row.state == RunState.RUNNING)
        assert (row.wake_at is not None) == (row.state == RunState.WAITING)

    def teardown(self):
        """Nothing goes wrong any more: everything ends, and all that was promised is true."""
        self.outside.status = WELL
        for _ in range(ROUNDS):
            self.leases_end()
            self.time_passes()
            unfinished = db.session.scalars(mine(self.promised).where(Run.state.not_in(FINAL)))
            left = [run.id for run in unfinished]
            if not left:
                break
            for run_id in left:
                advance.advance_run(run_id)
        self.every_promise_is_a_row_that_can_go_on_or_has_ended_for_good()
        assert set(self.ended) == set(self.promised)
        self.judge_effects()
        assert list(consistency.broken()) == []

    def judge_effects(self):
        counted = dict(db.session.execute(db.select(StoredValue.key, StoredValue.value)).all())
        for run_id, (state, _, response, _) in self.ended.items():
            times = [counted.get(f"{name} {run_id}", 0) for name in ("inside", "again")]
            keys = self.outside.keys[run_id]
            assert set(times) <= {0, 1} and len(set(keys)) <= self.rounds[run_id]
            if state == RunState.SUCCEEDED:
                assert times == [1, 1] and keys
                assert response["body"] == {"version": self.promised[run_id]}


def mine(run_ids):
    return db.select(Run).where(Run.id.in_(run_ids))


def change(**values):
    with transaction() as session:
        held = Run.state == RunState.RUNNING
        session.execute(db.update(Run).where(held).values(**values))


def carry_out(claim, cut):
    with power_until(*(cut or (None, False))), contextlib.suppress(PowerCut):
        advance.carry_out(claim)


@contextlib.contextmanager
def power_until(commits, before):
    """Power for so many commits of journals: the next one does not come, or not its answer."""
    whole, done = RunJournal.commit, itertools.count()

    def commit(self, *arguments, **moves):
        is_last = next(done) == commits
        if is_last and before:
            raise PowerCut
        result = whole(self, *arguments, **moves)
        if is_last:
            raise PowerCut
        return result

    RunJournal.commit = commit
    try:
        yield
    finally:
        RunJournal.commit = whole


@pytest.mark.parametrize("database", DATABASES, indirect=True)
def test_whatever_happens_what_was_accepted_ends_once_and_as_promised(app, monkeypatch):
    Lives.outside = Outside()
    shift(monkeypatch, lambda: Lives.passed)
    monkeypatch.setattr(outgoing.http, "send", Lives.outside.send)

    run_state_machine_as_test(Lives, settings=SIZE)
