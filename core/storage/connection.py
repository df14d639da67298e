"""Connections: stored access to other services, the secret part encrypted."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.storage.columns import Instant, Json
from core.storage.db import db
from core.storage.workspace import Workspace


class Connection(db.Model):  # type: ignore[name-defined,misc]
    """One access; steps name it by `name`, which never changes."""

    __table_args__ = (UniqueConstraint("workspace_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey(Workspace.id))
    name: Mapped[str]
    label: Mapped[str]
    type: Mapped[str]
    fields: Mapped[Any] = mapped_column(Json)
    secret_keys: Mapped[Any] = mapped_column(Json)  # which secret fields are set; not what to
    secret_ciphertext: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    secret_set_at: Mapped[datetime] = mapped_column(Instant)
    secret_set_by: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)
    last_used_at: Mapped[datetime | None] = mapped_column(Instant)
    last_result: Mapped[str] = mapped_column(default="")  # works | refused; empty: not tried yet

    def __repr__(self) -> str:
        return f"<Connection {self.name}>"

    @classmethod
    def named(cls, workspace_id: int, name: str) -> "Connection | None":
        """The connection of that name."""
        query = db.select(cls).where(cls.workspace_id == workspace_id, cls.name == name)
        found: Connection | None = db.session.scalar(query)
        return found

    @classmethod
    def of_workspace(cls, workspace_id: int) -> "list[Connection]":
        """All connections, by label."""
        query = db.select(cls).where(cls.workspace_id == workspace_id)
        return list(db.session.scalars(query.order_by(cls.label, cls.id)))
