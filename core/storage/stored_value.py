"""Small values shared by all runs of a workspace."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from core.storage.columns import Instant, Json
from core.storage.db import db
from core.storage.workspace import Workspace


class StoredValue(db.Model):  # type: ignore[name-defined,misc]
    """One value under one key."""

    workspace_id: Mapped[int] = mapped_column(ForeignKey(Workspace.id), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[Any | None] = mapped_column(Json)
    expires_at: Mapped[datetime | None] = mapped_column(Instant)
