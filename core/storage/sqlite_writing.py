"""How SQLite is written to: one line for the writers of all processes, flushed when promised."""

import fcntl
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection, Engine, event

PATIENCE = 10.0  # seconds to stand in line before SQLite itself is asked
POLL = 0.002  # seconds
PRAGMAS = ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=10000", "foreign_keys=ON")


class Writing:
    """Listens to an engine's connections.

    A transaction that writes begins IMMEDIATE: one that has read first can't become a writer. It
    stands in line at a lock of ours before: SQLite's own starves the unlucky for seconds.
    """

    def __init__(
        self, lock: Path, is_writing: Callable[[], bool], is_flushed: Callable[[], bool]
    ) -> None:
        self.lock = lock
        self.is_writing = is_writing
        self.is_flushed = is_flushed
        self.turn = threading.Lock()  # this process's threads first settle who stands in line

    def listen(self, engine: Engine) -> None:
        """Take part in the life of every connection of this engine."""
        for name in ("connect", "close", "begin", "checkin"):
            event.listen(engine, name, getattr(self, name))

    def connect(self, dbapi: sqlite3.Connection, record: Any) -> None:
        """Set a new connection up."""
        dbapi.isolation_level = None
        for pragma in PRAGMAS:
            dbapi.execute(f"PRAGMA {pragma}")
        record.info["write_lock"] = self.lock.open("w")
        record.info["is_flushed"] = False

    def close(self, _dbapi: sqlite3.Connection, record: Any) -> None:
        """Leave nothing open."""
        if lock := record.info.pop("write_lock", None):
            lock.close()

    def begin(self, connection: Connection) -> None:
        """Begin a transaction as a reader, or in line as a writer."""
        if not self.is_writing():
            # By the driver itself: it can't fail, and a read is no dearer than its one statement.
            driver: Any = connection.connection.driver_connection
            driver.execute("BEGIN")
            return
        connection.info["is_in_line"] = True
        connection.info["has_turn"] = self.turn.acquire(timeout=PATIENCE)
        stand_in_line(connection.info["write_lock"])
        choose_flushing(connection, self.is_flushed())
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    def checkin(self, _dbapi: sqlite3.Connection, record: Any) -> None:
        """Let the next one write."""
        lock = record.info.get("write_lock")
        if record.info.pop("is_in_line", False) and lock:
            fcntl.flock(lock, fcntl.LOCK_UN)
        if record.info.pop("has_turn", False):
            self.turn.release()


def choose_flushing(connection: Connection, is_flushed: bool) -> None:
    """Whether the next commit waits for the disk."""
    if connection.info["is_flushed"] != is_flushed:
        connection.exec_driver_sql(f"PRAGMA synchronous={'FULL' if is_flushed else 'NORMAL'}")
        connection.info["is_flushed"] = is_flushed


def stand_in_line(lock: IO[str]) -> None:
    """Wait for the lock; when the patience ends, SQLite itself is asked."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(POLL)
        else:
            return
