"""A person's second factor: the sealed key of an app, and codes for when the phone is gone."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint, delete
from sqlalchemy.orm import Mapped, mapped_column

from core.storage.columns import Instant
from core.storage.db import db
from core.storage.user import User


class SecondFactor(db.Model):  # type: ignore[name-defined,misc]
    """The key of one person's app; it counts once a code has proved that the app has it."""

    user_id: Mapped[int] = mapped_column(ForeignKey(User.id), primary_key=True)
    key_ciphertext: Mapped[bytes]
    last_step: Mapped[int]  # the half minute of the last code taken: none is taken twice
    begun_at: Mapped[datetime] = mapped_column(Instant)
    on_since: Mapped[datetime | None] = mapped_column(Instant)

    @classmethod
    def of(cls, user_id: int) -> "SecondFactor | None":
        """What that person has, proved or not, read afresh."""
        return db.session.get(cls, user_id, populate_existing=True)

    @classmethod
    def protected(cls) -> set[int]:
        """The people who need a code to sign in."""
        return set(db.session.scalars(db.select(cls.user_id).where(cls.on_since.is_not(None))))


class RecoveryCode(db.Model):  # type: ignore[name-defined,misc]
    """A code that lets its person in once, kept as a fingerprint."""

    __table_args__ = (UniqueConstraint("user_id", "digest"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    digest: Mapped[str]
    used_at: Mapped[datetime | None] = mapped_column(Instant)

    @classmethod
    def count_left(cls, user_id: int) -> int:
        """How many of a person's codes are unused."""
        query = db.select(db.func.count()).select_from(cls)
        return db.session.scalar(query.where(cls.user_id == user_id, cls.used_at.is_(None))) or 0

    @classmethod
    def forget(cls, user_id: int) -> None:
        """Drop a person's codes. The caller commits."""
        db.session.execute(delete(cls).where(cls.user_id == user_id))
