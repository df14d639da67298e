"""One PostgreSQL database for many tests: emptied after each, which is faster than a new one."""

import psycopg
from psycopg.sql import SQL, Identifier

KEPT = "alembic_version"
VERSION = "SELECT version_num FROM alembic_version"
SET_VERSION = "UPDATE alembic_version SET version_num = %s"
OTHERS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> %s"
USED = "SELECT sequencename FROM pg_sequences WHERE last_value IS NOT NULL"


def empty(url, version):
    """End what is connected, delete all rows, let ids begin at 1, and be of that version again."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(OTHERS)
        tables = [Identifier(name) for (name,) in connection.execute(TABLES, [KEPT])]
        connection.execute("SET session_replication_role = replica")  # in any order
        connection.execute(SQL("; ").join(SQL("DELETE FROM {}").format(table) for table in tables))
        connection.execute(SET_VERSION, [version])
        for (name,) in connection.execute(USED).fetchall():
            connection.execute(SQL("ALTER SEQUENCE {} RESTART").format(Identifier(name)))


def version_of(url):
    """The version of a database that was only migrated; tests may count on no row in it."""
    with psycopg.connect(url, autocommit=True) as connection:
        tables = [Identifier(name) for (name,) in connection.execute(TABLES, [KEPT])]
        counts = SQL(" UNION ALL ").join(SQL("SELECT 1 FROM {}").format(table) for table in tables)
        assert connection.execute(counts).fetchone() is None
        return connection.execute(VERSION).fetchone()[0]
