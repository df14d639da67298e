"""What is true of the whole installation: one row, or none while all is usual."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from core.storage.columns import Instant
from core.storage.db import db

ONLY = 1


class Installation(db.Model):  # type: ignore[name-defined,misc]
    """Whether it holds still after a restore, since when, and how old what was restored is."""

    id: Mapped[int] = mapped_column(primary_key=True)
    holding_since: Mapped[datetime | None] = mapped_column(Instant)
    restored_from: Mapped[datetime | None] = mapped_column(Instant)
