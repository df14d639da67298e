"""Lines to PostgreSQL: a dead one in the pool is noticed before anybody's work is put on it."""

import psycopg
import pytest
from sqlalchemy import text

from core.storage.db import db


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_line_that_the_server_has_hung_up_is_not_used_again(app, postgresql):
    with app.app_context():
        first = pid()
        assert pid() == first  # the pool gives the same line again

        with psycopg.connect(postgresql.url(), autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", [first])

        assert pid() != first


def pid():
    with db.engine.connect() as connection:
        return connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
