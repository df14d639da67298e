"""Single rows asked for by the driver itself: the same rows, the same errors, nothing left open."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import bindparam, select, text
from sqlalchemy.exc import DBAPIError

from core.runtime import tokens, workspaces
from core.storage.db import db, transaction
from core.storage.lookups import Lookup
from core.storage.token import Token

BY_ID = Lookup(select(Token.__table__).where(Token.id == bindparam("id")))
EXPIRES = datetime(2040, 5, 6, 7, 8, 9, tzinfo=UTC)

pytestmark = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)


def test_a_row_is_found_with_its_values_as_the_columns_mean_them(app):
    with app.app_context():
        token, _ = tokens.create(a_workspace(), "Shop", ["run:a", "runs:read"], expires=EXPIRES)

        found = BY_ID.find(id=token.id)

    assert (found.id, found.name) == (token.id, "Shop")
    assert found.scopes == ["run:a", "runs:read"]
    assert found.expires_at == EXPIRES
    assert found.revoked_at is None


def test_without_such_a_row_there_is_nothing(app):
    with app.app_context():
        assert BY_ID.find(id="nobody") is None


def test_what_was_committed_a_moment_ago_is_seen(app):
    with app.app_context():
        token, _ = tokens.create(a_workspace(), "Shop")
        assert BY_ID.find(id=token.id).revoked_at is None
        tokens.revoke(token)

        assert BY_ID.find(id=token.id).revoked_at is not None


def test_nothing_stays_open_behind_a_row(app):
    with app.app_context():
        for _ in range(5):
            BY_ID.find(id="nobody")

        assert db.engine.pool.checkedout() == 0
        with db.engine.connect() as connection:  # the pool gives the same line again
            driver = connection.connection.driver_connection
            is_open = (
                driver.in_transaction if db.engine.dialect.name == "sqlite" else not idle(driver)
            )
            assert not is_open
            with connection.begin():
                assert connection.execute(select(Token.id)).all() == []


def test_what_the_database_refuses_is_told_as_everywhere_and_the_next_row_is_found(app):
    with app.app_context():
        token, _ = tokens.create(a_workspace(), "Shop")
        rename("token", "elsewhere")
        with pytest.raises(DBAPIError):
            BY_ID.find(id=token.id)
        rename("elsewhere", "token")

        assert BY_ID.find(id=token.id).name == "Shop"
        assert db.engine.pool.checkedout() == 0


def a_workspace():
    with transaction():
        return workspaces.first().id


def idle(driver):
    from psycopg.pq import TransactionStatus

    return driver.info.transaction_status == TransactionStatus.IDLE


def rename(table, name):
    with transaction() as session:
        session.execute(text(f"ALTER TABLE {table} RENAME TO {name}"))
