"""Time that passes at once."""

from contextlib import contextmanager
from datetime import timedelta

from core import clock
from core.storage.db import db, transaction
from core.storage.run import Run, Wait


@contextmanager
def two_hours_later(run):
    """All that the run waits for is due, for the database, too."""
    past = clock.now() - timedelta(seconds=1)
    with transaction() as session:
        session.execute(db.update(Run).where(Run.id == run.id).values(wake_at=past))
        session.execute(db.update(Wait).where(Wait.run_id == run.id).values(wake_at=past))
    with clock.freeze(clock.now() + timedelta(hours=2)):
        yield
