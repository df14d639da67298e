"""How recorded runs are brought about, and how those of earlier versions are finished.

A recording is a database with all of them, as one version of openBuild left it. It is written by
`tests/record_runs.py` and never changed; later versions must finish what is in it.
"""

import contextlib
from datetime import timedelta

from core import clock
from core.engine.http_messages import OutgoingAnswer
from core.engine.states import FINAL, RunState
from core.runtime import (
    advance,
    approvals,
    callbacks,
    duties,
    rescue,
    resuming,
    unknown_outcomes,
)
from core.runtime.callbacks import Place
from core.storage.db import db, transaction
from core.storage.run import Run
from core.storage.stored_value import StoredValue
from tests.factories import make_workflow, start_run
from tests.integration.running.scenarios import ADDRESS, SCENARIOS
from tests.integration.running.test_state_machine import PowerCut
from tests.times import shift

LONG = timedelta(days=1)
ROUNDS = 12


class Outside:
    """Another system: what was sent to it, where the power goes, and what it refuses."""

    def __init__(self, cut_at="", refused=(), busy=()):
        self.cut_at = cut_at
        self.refused = set(refused)
        self.busy = set(busy)
        self.keys = []

    def send(self, request, **_):
        path = request.url.removeprefix(f"{ADDRESS}/")
        self.keys.append(request.headers["Idempotency-Key"])
        if path == self.cut_at:
            raise PowerCut
        status = 400 if path in self.refused else 503 if path in self.busy else 200
        return OutgoingAnswer(status, {}, {"path": path}, request.url)


def take_up_again(run):
    """A person retries the failed run, and the worker that takes it dies as well."""
    resuming.retry(run, resuming.plan(run), by="Ana")
    advance_until_cut(run, Outside(cut_at="late"))


def ask_what_happened(run):
    """The lease of the dead worker is over, and the next one finds out that nobody knows."""
    with transaction() as session:
        past = clock.now() - LONG
        session.execute(db.update(Run).where(Run.id == run.id).values(lease_until=past))
    rescue.rescue_dead()
    advance_until_cut(run, Outside())


BEFORE = {"take up again": take_up_again, "ask what happened": ask_what_happened}


def bring_about(name):
    """Start the run of this scenario and take it to where it is recorded; its id."""
    scenario = SCENARIOS[name]
    workflow = make_workflow(*scenario.steps, name=name.replace(" ", "-"))
    run = start_run(workflow=workflow, input=scenario.input)
    if scenario.is_begun:
        advance_until_cut(run, Outside(scenario.cut_at, scenario.refused, scenario.busy))
        if scenario.before:
            BEFORE[scenario.before](refreshed(run))
    found = refreshed(run).state, run.reason
    if found != scenario.recorded_as:
        raise AssertionError(f"“{name}” is {found}: {run.error}")
    return run.id


def advance_until_cut(run, outside):
    with patched_outside(outside), contextlib.suppress(PowerCut):
        advance.advance_run(run.id)


class patched_outside:
    """All requests go to this system while it lasts."""

    def __init__(self, outside):
        self.outside = outside

    def __enter__(self):
        self.whole = advance.Outgoing.send
        send = self.outside.send
        advance.Outgoing.send = lambda _, request, **more: send(request, **more)

    def __exit__(self, *_):
        advance.Outgoing.send = self.whole


def refreshed(run):
    db.session.rollback()
    db.session.refresh(run)
    return run


ANSWERS = {
    "call": lambda run: callbacks.receive(Place(run.id, "call"), {"n": 7}),
    "approve": lambda run: approvals.answer(
        approvals.find(Place(run.id, "ask")), approved=True, by="Ana", comment="", fields={}
    ),
    "happened": lambda run: unknown_outcomes.decide(
        run, "pay", "happened", by="Ana", output={"body": {"id": 7}}
    ),
    "retry": lambda run: resuming.retry(run, resuming.plan(run), by="Ana"),
}


class Calendar:
    """How much time has passed beyond what the clocks show."""

    passed = timedelta()

    def let_pass(self):
        """Leases end, and every wait that has a time is due."""
        self.passed += LONG
        past = clock.now() - LONG
        with transaction() as session:
            held, asleep = Run.state == RunState.RUNNING, Run.wake_at.is_not(None)
            session.execute(db.update(Run).where(held).values(lease_until=past))
            session.execute(db.update(Run).where(asleep).values(wake_at=past))
        rescue.rescue_dead()
        duties.wake_due()


def finish_all(runs, monkeypatch):
    """Answer what was asked, let time pass, and carry out until nothing is left; what was sent."""
    outside, calendar = Outside(), Calendar()
    shift(monkeypatch, lambda: calendar.passed)
    with patched_outside(outside):
        for run_id, answered in runs.items():
            if answered:
                ANSWERS[answered](db.session.get_one(Run, run_id))
        for _ in range(ROUNDS):
            calendar.let_pass()
            unfinished = db.select(Run.id).where(Run.state.not_in(FINAL)).order_by(Run.id)
            for run_id in db.session.scalars(unfinished).all():
                advance.advance_run(run_id)
    return outside.keys


def stored():
    db.session.rollback()
    return dict(db.session.execute(db.select(StoredValue.key, StoredValue.value)).all())
