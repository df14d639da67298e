from dataclasses import replace

import pytest
from sqlalchemy import text

from app import create_app
from core import config
from core.storage.db import db, read_connection, write_connection

FULL, NORMAL = 2, 1


def synchronous(connection):
    return connection.execute(text("PRAGMA synchronous")).scalar_one()


@pytest.mark.only_sqlite
def test_what_is_promised_to_a_caller_is_flushed_and_a_journal_is_as_the_database_does(settings):
    config.use(replace(settings, durability="full"))
    with create_app().app_context():
        with write_connection() as connection:
            assert synchronous(connection) == FULL
        with write_connection(is_flushed=False) as connection:
            assert synchronous(connection) == NORMAL
        with write_connection() as connection:
            assert synchronous(connection) == FULL
        db.engine.dispose()


@pytest.mark.only_sqlite
def test_without_durability_nothing_is_flushed(app):
    with write_connection() as connection:
        assert synchronous(connection) == NORMAL


def test_reading_takes_no_write_lock(app):
    with write_connection(), read_connection() as reader:
        assert reader.execute(text("SELECT 1")).scalar_one() == 1
