"""The one handle on the database, its base class, and the one way to write: `transaction()`."""

import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, Engine, Table, event
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError, TimeoutError
from sqlalchemy.orm import DeclarativeBase, Session

from core.storage import postgresql_sessions
from core.storage.sqlite_writing import Writing

_writing: ContextVar[Callable[[], Connection] | None] = ContextVar("writing", default=None)
_is_flushed: ContextVar[bool] = ContextVar("is_flushed", default=True)


# What is raised by a database that is away, full, read-only or has no connection left: nothing
# was committed, and the same may go well in a moment.
UNAVAILABLE = (OperationalError, InterfaceError, InternalError, TimeoutError)


def in_short(error: Exception) -> str:
    """What such a database says, in one line for the log."""
    said = str(getattr(error, "orig", None) or error) or type(error).__name__
    return said.splitlines()[0]


def damage(error: BaseException) -> str:
    """What SQLite says of a file that is damaged or is none of its own; nothing of other errors."""
    said = getattr(error, "orig", None)
    return str(said) if type(said) is sqlite3.DatabaseError else ""


class Base(DeclarativeBase):
    """The base of all tables."""


db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})


class WriteOutsideTransaction(RuntimeError):
    """Something changed a row outside `transaction()`: only runtime verbs write."""


@contextmanager
def transaction() -> Iterator[Session]:
    """Write through the session: all of it is committed together, or nothing; nests by joining."""
    if _writing.get():
        yield db.session()
        return
    db.session.rollback()  # a read snapshot cannot become a write transaction on SQLite
    token = _writing.set(db.session.connection)
    try:
        yield db.session()
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise
    finally:
        _writing.reset(token)


@contextmanager
def write_connection(*, is_flushed: bool = True) -> Iterator[Connection]:
    """A connection in a write transaction, for hot paths; inside another it joins that one.

    With `is_flushed` its commit is on the disk; without, it survives the death of any process,
    but on SQLite a power cut may take the last moments.
    """
    if joined := _writing.get():
        yield joined()
        return
    with db.engine.connect() as connection:
        token, flush_token = _writing.set(lambda: connection), _is_flushed.set(is_flushed)
        try:
            with connection.begin():
                yield connection
        finally:
            _writing.reset(token)
            _is_flushed.reset(flush_token)


@contextmanager
def read_connection() -> Iterator[Connection]:
    """A connection for reading, for hot paths that need no session.

    On SQLite all it reads is of one moment; PostgreSQL is spared the begin and the end of a
    transaction, which would promise no more there.
    """
    token = _writing.set(None)
    try:
        with db.engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                connection.execution_options(isolation_level="AUTOCOMMIT")
            yield connection
    finally:
        _writing.reset(token)


@event.listens_for(Session, "before_flush")
def _refuse_writes_outside(session: Session, *_: Any) -> None:
    if _writing.get() is None and (session.new or session.dirty or session.deleted):
        raise WriteOutsideTransaction("use core.storage.db.transaction()")


@event.listens_for(Session, "after_begin")
def _plan_for_values(_session: Session, _transaction: Any, connection: Connection) -> None:
    """Let PostgreSQL plan what pages ask for their own values; `read_connection` keeps its plans.

    After ten times it would take one plan for all values: looking along an index for the newest
    runs that fit, a page took twenty times as long then. SQLite always plans without values.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL plan_cache_mode = force_custom_plan")


def prepare_engine(engine: Engine, *, home: Path, fsync: bool) -> None:
    """Set up the connections of this engine."""
    if engine.dialect.name == "sqlite":
        how = Writing(
            home / "write.lock",
            lambda: _writing.get() is not None,
            lambda: fsync and _is_flushed.get(),
        )
        how.listen(engine)
    else:
        postgresql_sessions.listen(engine)


def insert_missing(connection: Connection, table: Table, row: Mapping[str, Any]) -> None:
    """Insert a row unless one with its key is there."""
    insert = _insert_of(connection.dialect.name)
    connection.execute(insert(table).values(dict(row)).on_conflict_do_nothing())


def is_new(connection: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert a row unless one with its key is there; says whether it did."""
    insert = _insert_of(connection.dialect.name)
    statement = insert(table).values(dict(row)).on_conflict_do_nothing()
    return connection.execute(statement.returning(*table.primary_key)).one_or_none() is not None


def upsert(
    connection: Connection, table: Table, row: Mapping[str, Any], *, kept: Collection[str] = ()
) -> None:
    """Insert a row, or change the one with its key; columns in `kept` keep what they have.

    Its values may be expressions of the database.
    """
    statement = _upsert(connection.dialect.name, table, tuple(row), tuple(kept))
    connection.execute(statement.values(dict(row)))


def upsert_all(
    connection: Connection,
    table: Table,
    rows: Iterable[Mapping[str, Any]],
    *,
    kept: Collection[str] = (),
) -> None:
    """The same for many rows of plain values, those with the same columns together."""
    alike: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for row in rows:
        alike.setdefault(tuple(row), []).append(row)
    for columns, some in alike.items():
        statement = _upsert(connection.dialect.name, table, columns, tuple(kept))
        connection.execute(statement, some)


@cache
def _insert_of(dialect: str) -> Any:
    """The INSERT that can say what becomes of a row that is there; each dialect has its own."""
    return import_module(f"sqlalchemy.dialects.{dialect}").insert


@cache
def _upsert(dialect: str, table: Table, columns: tuple[str, ...], kept: tuple[str, ...]) -> Any:
    statement = _insert_of(dialect)(table)
    key = [column.name for column in table.primary_key]
    changed = {name: statement.excluded[name] for name in columns if name not in (*key, *kept)}
    return statement.on_conflict_do_update(index_elements=key, set_=changed)
