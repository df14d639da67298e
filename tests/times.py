"""Time that passes at once, for runs that wait."""

from contextlib import contextmanager
from datetime import timedelta

import pytest

from core import clock
from core.runtime.leases import Claim
from core.storage.columns import database_time
from core.storage.db import db, transaction
from core.storage.run import Run, Wait

true_now = Claim.now


def shift(monkeypatch, passed):
    """Let all holders of runs see a clock that is ahead by what `passed()` says."""
    monkeypatch.setattr(Claim, "now", lambda claim: true_now(claim) + passed())


@contextmanager
def two_hours_later(run):
    """All that the run waits for is due, for the database and for whoever carries it out."""
    with transaction() as session:
        past = database_time(session) - timedelta(seconds=1)
        session.execute(db.update(Run).where(Run.id == run.id).values(wake_at=past))
        session.execute(db.update(Wait).where(Wait.run_id == run.id).values(wake_at=past))
    later = timedelta(hours=2)
    with pytest.MonkeyPatch.context() as monkeypatch, clock.freeze(clock.now() + later):
        shift(monkeypatch, lambda: later)
        yield
