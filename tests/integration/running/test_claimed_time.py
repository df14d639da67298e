"""A claim tells the time by the database's clock, also when its answer was long in coming."""

import time
from contextlib import contextmanager

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from core.runtime import leases
from core.storage import columns
from core.storage.db import db
from tests.conftest import DATABASES
from tests.factories import start_run
from tests.unit.engine.machines import step

pytestmark = pytest.mark.parametrize("database", DATABASES, indirect=True)
SECONDS = 0.5


@contextmanager
def slow_claims():
    """Each claim is long on its way to the database."""

    def wait(_connection, _cursor, statement, *_):
        if statement.startswith("UPDATE run SET") and "lease_until" in statement:
            time.sleep(SECONDS)

    event.listen(db.engine, "before_cursor_execute", wait)
    try:
        yield
    finally:
        event.remove(db.engine, "before_cursor_execute", wait)


def ahead(claim):
    """By how many seconds the claim's time is before the database's."""
    claimed = claim.now()
    return (claimed - columns.database_time(db.session())).total_seconds()


def claim_slowly():
    run = start_run(step("log", "log_message", message="hello"))
    with slow_claims():
        return leases.claim(run.id)


def test_a_claim_that_was_long_on_its_way_knows_the_time(app):
    assert ahead(claim_slowly()) < SECONDS / 2


def test_while_the_database_does_not_tell_it_goes_by_what_it_knows(app, monkeypatch):
    def away():
        raise OperationalError("SELECT", {}, OSError("away"))

    monkeypatch.setattr(leases, "_clocks_apart", away)

    assert SECONDS / 2 < ahead(claim_slowly()) < 2 * SECONDS
