"""One PostgreSQL database for many tests: emptied after each, which is faster than a new one."""

import psycopg
from psycopg.sql import SQL, Identifier

KEPT = "alembic_version"
OTHERS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> %s"
USED = "SELECT sequencename FROM pg_sequences WHERE last_value IS NOT NULL"


def empty(url):
    """End what is connected, delete all rows and let ids begin at 1 again."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(OTHERS)
        tables = [Identifier(name) for (name,) in connection.execute(TABLES, [KEPT])]
        connection.execute("SET session_replication_role = replica")  # in any order
        connection.execute(SQL("; ").join(SQL("DELETE FROM {}").format(table) for table in tables))
        for (name,) in connection.execute(USED).fetchall():
            connection.execute(SQL("ALTER SEQUENCE {} RESTART").format(Identifier(name)))


def has_rows(url):
    """Whether a database that was only migrated has rows that tests may count on."""
    with psycopg.connect(url, autocommit=True) as connection:
        tables = [Identifier(name) for (name,) in connection.execute(TABLES, [KEPT])]
        counts = SQL(" UNION ALL ").join(SQL("SELECT 1 FROM {}").format(table) for table in tables)
        return connection.execute(counts).fetchone() is not None
