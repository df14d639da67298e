"""Processes that have lately said they are alive."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from core.storage.columns import Instant
from core.storage.db import db


class Process(db.Model):  # type: ignore[name-defined,misc]
    """A web, worker or scheduler process and its last heartbeat."""

    id: Mapped[str] = mapped_column(primary_key=True)  # kind, host and pid in one text
    kind: Mapped[str] = mapped_column(index=True)
    host: Mapped[str]
    pid: Mapped[int]
    started_at: Mapped[datetime] = mapped_column(Instant)
    beat_at: Mapped[datetime] = mapped_column(Instant)
