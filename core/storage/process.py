"""Processes that have lately said they are alive."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, Row, select
from sqlalchemy.orm import Mapped, mapped_column

from core.storage.columns import Instant, database_now
from core.storage.db import db

SILENT_AFTER = timedelta(seconds=10)


class Process(db.Model):  # type: ignore[name-defined,misc]
    """A web, worker or scheduler process and its last heartbeat."""

    id: Mapped[str] = mapped_column(primary_key=True)  # kind, host and pid in one text
    kind: Mapped[str] = mapped_column(index=True)
    host: Mapped[str]
    pid: Mapped[int]
    started_at: Mapped[datetime] = mapped_column(Instant)
    beat_at: Mapped[datetime] = mapped_column(Instant)

    @classmethod
    def heard_lately(cls, connection: Connection) -> "list[Row[tuple[str, str, int]]]":
        """Id, host and pid of all processes that said lately that they are alive."""
        lately = cls.beat_at > database_now() - SILENT_AFTER.total_seconds()
        query = select(cls.id, cls.host, cls.pid).where(lately).order_by(cls.id)
        return list(connection.execute(query))
