import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from core.storage import migrate
from core.storage.db import db, read_connection, write_connection
from tests.conftest import DATABASES

pytestmark = pytest.mark.parametrize("database", DATABASES, indirect=True)


def test_the_migrations_make_the_tables_that_the_models_describe(app):
    migrate.load_tables()

    with read_connection() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, db.metadata) == []


def test_migrating_twice_changes_nothing(app):
    migrate.upgrade()

    assert migrate.revision_here() == migrate.newest_revision()


def test_a_database_of_a_newer_openbuild_is_refused(app):
    with write_connection() as connection:
        connection.execute(db.text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(migrate.DatabaseTooNew, match="newer openBuild"):
        migrate.upgrade()
