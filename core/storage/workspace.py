"""Workspaces: the wall around everything that belongs together."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from core.storage.columns import Instant
from core.storage.db import db


class Workspace(db.Model):  # type: ignore[name-defined,misc]
    """A team's room; the first one is called main."""

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    label: Mapped[str]
    timezone: Mapped[str] = mapped_column(default="UTC")
    created_at: Mapped[datetime] = mapped_column(Instant)
    schedules_paused_at: Mapped[datetime | None] = mapped_column(Instant)
    schedules_paused_by: Mapped[str | None]
    asks_second_factor: Mapped[bool] = mapped_column(default=False)  # of everybody in it

    @classmethod
    def named(cls, name: str) -> "Workspace | None":
        """The workspace of that name."""
        found: Workspace | None = db.session.scalar(db.select(cls).where(cls.name == name))
        return found
