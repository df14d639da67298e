"""Lines to PostgreSQL: dead ones are noticed before use, and pages get plans of their own."""

import psycopg
import pytest
from sqlalchemy import text

from core.storage.db import db, read_connection

PLANS = text("SHOW plan_cache_mode")


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_line_that_the_server_has_hung_up_is_not_used_again(app, postgresql):
    with app.app_context():
        first = pid()
        assert pid() == first  # the pool gives the same line again

        with psycopg.connect(postgresql.url(), autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", [first])

        assert pid() != first


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_what_pages_ask_is_planned_for_its_values_however_often_it_was_asked(app):
    with app.app_context():
        assert db.session.scalar(PLANS) == "force_custom_plan"
        db.session.rollback()
        assert db.session.scalar(PLANS) == "force_custom_plan"
        db.session.rollback()

        with read_connection() as connection:
            assert connection.scalar(PLANS) == "auto"


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_large_values_are_packed_the_fast_way_where_the_server_can(app):
    can = text("SELECT 'lz4' = ANY (enumvals) FROM pg_settings WHERE name = :name")
    with app.app_context(), db.engine.connect() as connection:
        known = connection.scalar(can, {"name": "default_toast_compression"})
        assert connection.scalar(text("SHOW default_toast_compression")) == (
            "lz4" if known else "pglz"
        )


def pid():
    with db.engine.connect() as connection:
        return connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
