"""Signed-in browsers. Only a hash of the cookie's token is stored."""

import hashlib
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ForeignKey, delete
from sqlalchemy.orm import Mapped, mapped_column

from core.storage.columns import Instant
from core.storage.db import db
from core.storage.membership import Membership
from core.storage.user import User
from core.storage.workspace import Workspace


class SignedIn(NamedTuple):
    """Everything a request must know about who sends it."""

    session: "WebSession"
    person: User
    membership: Membership
    workspace: Workspace


class WebSession(db.Model):  # type: ignore[name-defined,misc]
    """One browser in which a person is signed in."""

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id), index=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey(Workspace.id))
    stays: Mapped[bool]
    browser: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)

    @classmethod
    def behind(cls, token: str, now: datetime) -> SignedIn | None:
        """Who holds that token, unless it ended or the person was disabled or removed."""
        row = db.session.execute(
            db.select(cls, User, Membership, Workspace)
            .join(User, User.id == cls.user_id)
            .join(
                Membership,
                (Membership.user_id == cls.user_id) & (Membership.workspace_id == cls.workspace_id),
            )
            .join(Workspace, Workspace.id == cls.workspace_id)
            .where(
                cls.token_hash == hash_of(token), cls.expires_at > now, User.disabled_at.is_(None)
            )
        ).one_or_none()
        return None if row is None else SignedIn(*row)

    @classmethod
    def end_all(cls, user_id: int, *, but: int | None = None) -> None:
        """Sign a person out everywhere, optionally not in one browser. The caller commits."""
        db.session.execute(delete(cls).where(cls.user_id == user_id, cls.id != (but or 0)))

    @classmethod
    def forget_ended(cls, user_id: int, now: datetime) -> None:
        """Drop a person's sessions that are over. The caller commits."""
        db.session.execute(delete(cls).where(cls.user_id == user_id, cls.expires_at <= now))


def hash_of(token: str) -> str:
    """What is stored of a token: it has 256 random bits, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()
