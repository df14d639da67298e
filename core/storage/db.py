"""The one handle on the database, its base class, and the one way to write: `transaction()`."""

import fcntl
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import IO, Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, Engine, event
from sqlalchemy.orm import DeclarativeBase, Session

WRITE_LOCK_PATIENCE = 10.0  # seconds to stand in line before SQLite itself is asked
WRITE_LOCK_POLL = 0.002  # seconds

_writing: ContextVar[Callable[[], Connection] | None] = ContextVar("writing", default=None)
_is_flushed: ContextVar[bool] = ContextVar("is_flushed", default=True)


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
    """A connection in a read transaction, for hot paths that need no session."""
    token = _writing.set(None)
    try:
        with db.engine.connect() as connection:
            yield connection
    finally:
        _writing.reset(token)


@event.listens_for(Session, "before_flush")
def _refuse_writes_outside(session: Session, *_: Any) -> None:
    if _writing.get() is None and (session.new or session.dirty or session.deleted):
        raise WriteOutsideTransaction("use core.storage.db.transaction()")


def prepare_engine(engine: Engine, *, home: Path, fsync: bool) -> None:
    """Set up connections of this engine: WAL, write lock and BEGIN IMMEDIATE on SQLite."""
    if engine.dialect.name != "sqlite":
        return
    lock_path = home / "write.lock"

    @event.listens_for(engine, "connect")
    def connected(dbapi: sqlite3.Connection, record: Any) -> None:
        dbapi.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "busy_timeout=10000",
            "foreign_keys=ON",
        ):
            dbapi.execute(f"PRAGMA {pragma}")
        record.info["write_lock"] = lock_path.open("w")

    @event.listens_for(engine, "close")
    def closed(_dbapi: sqlite3.Connection, record: Any) -> None:
        if lock := record.info.pop("write_lock", None):
            lock.close()

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        if _writing.get() is not None:
            _stand_in_line(connection.info["write_lock"])
            _choose_flushing(connection, fsync and _is_flushed.get())
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.exec_driver_sql("BEGIN")

    @event.listens_for(engine, "checkin")
    def returned(_dbapi: sqlite3.Connection, record: Any) -> None:
        if lock := record.info.get("write_lock"):
            fcntl.flock(lock, fcntl.LOCK_UN)


def _choose_flushing(connection: Connection, is_flushed: bool) -> None:
    if connection.info.get("is_flushed", False) != is_flushed:
        connection.exec_driver_sql(f"PRAGMA synchronous={'FULL' if is_flushed else 'NORMAL'}")
        connection.info["is_flushed"] = is_flushed


def _stand_in_line(lock: IO[str]) -> None:
    """Writers of all processes queue here: SQLite's own lock starves the unlucky for seconds."""
    deadline = time.monotonic() + WRITE_LOCK_PATIENCE
    while time.monotonic() < deadline:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(WRITE_LOCK_POLL)
        else:
            return
