"""A worker that is killed at one point of a run, for tests of what the next one makes of it."""

import os
import signal
from datetime import timedelta

from core import clock
from core.runtime import advance, rescue
from core.storage.db import db, transaction
from core.storage.run import Run
from tests.processes import outcome_of


def advance_and_die(run, owner, name):
    """Advance a run in a process that is killed when it calls this; then the lease is over."""
    assert outcome_of(_advance_until, owner, name, run.id) == -signal.SIGKILL
    end_lease(run)
    rescue.rescue_dead()


def _advance_until(owner, name, run_id):
    setattr(owner, name, lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))
    advance.advance_run(run_id)


def end_lease(run):
    """As if the time of its holder were over."""
    with transaction() as session:
        past = clock.now() - timedelta(seconds=1)
        session.execute(db.update(Run).where(Run.id == run.id).values(lease_until=past))
