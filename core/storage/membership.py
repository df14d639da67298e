"""Who belongs to which workspace, and as what."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.storage.columns import Instant
from core.storage.db import db
from core.storage.user import User
from core.storage.workspace import Workspace


class Role(StrEnum):
    """What a member is in a workspace."""

    OWNER = "owner"
    ADMIN = "admin"
    EDITOR = "editor"
    VIEWER = "viewer"


class Membership(db.Model):  # type: ignore[name-defined,misc]
    """One person in one workspace."""

    __table_args__ = (UniqueConstraint("workspace_id", "user_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey(Workspace.id))
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id), index=True)
    role: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(Instant)

    @classmethod
    def first_of(cls, user_id: int) -> "Membership | None":
        """The membership a person had first."""
        query = db.select(cls).where(cls.user_id == user_id).order_by(cls.id)
        return db.session.scalars(query).first()


class OwnerClaim(db.Model):  # type: ignore[name-defined,misc]
    """Says that a workspace got its first owner: its key lets only one set-up win."""

    workspace_id: Mapped[int] = mapped_column(ForeignKey(Workspace.id), primary_key=True)
    claimed_at: Mapped[datetime] = mapped_column(Instant)
