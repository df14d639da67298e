"""Keys with which other programs call: only a fingerprint of each is kept."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from core.storage.columns import Instant, Json
from core.storage.db import db
from core.storage.workspace import Workspace


class Token(db.Model):  # type: ignore[name-defined,misc]
    """One key; `id` is its public part, by which it is looked up and recognised."""

    id: Mapped[str] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey(Workspace.id), index=True)
    name: Mapped[str]
    scopes: Mapped[Any] = mapped_column(Json)
    digest: Mapped[str]
    ending: Mapped[str]  # its last four characters
    created_at: Mapped[datetime] = mapped_column(Instant)
    created_by: Mapped[str] = mapped_column(default="")
    expires_at: Mapped[datetime | None] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
    revoked_by: Mapped[str] = mapped_column(default="")
    last_used_at: Mapped[datetime | None] = mapped_column(Instant)
    last_address: Mapped[str] = mapped_column(default="")

    def __repr__(self) -> str:
        return f"<Token {self.id}>"

    @property
    def beginning(self) -> str:
        """How it is recognised in a list."""
        return f"ob_{self.id}_…{self.ending}"

    @classmethod
    def of_workspace(cls, workspace_id: int) -> "list[Token]":
        """All keys that nobody has revoked, newest first."""
        query = db.select(cls).where(cls.workspace_id == workspace_id, cls.revoked_at.is_(None))
        return list(db.session.scalars(query.order_by(cls.created_at.desc(), cls.id)))

    @classmethod
    def in_workspace(cls, workspace_id: int, token_id: str) -> "Token | None":
        """The key of that workspace with that public part."""
        query = db.select(cls).where(cls.workspace_id == workspace_id, cls.id == token_id)
        found: Token | None = db.session.scalar(query)
        return found


def is_valid_at(token: Any, moment: datetime) -> bool:
    """Neither revoked nor ended; `token` is a key or its bare row."""
    return token.revoked_at is None and (token.expires_at is None or moment < token.expires_at)
