"""People who sign in, and how often somebody guessed at their passwords."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from core.storage.columns import Instant
from core.storage.db import db


class User(db.Model):  # type: ignore[name-defined,misc]
    """A person; the email is kept in lower case."""

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password_hash: Mapped[str]
    theme: Mapped[str] = mapped_column(default="")  # light, dark, or as the system has it
    created_at: Mapped[datetime] = mapped_column(Instant)
    disabled_at: Mapped[datetime | None] = mapped_column(Instant)

    @property
    def first_name(self) -> str:
        """How a page says hello."""
        return self.name.split()[0]

    @property
    def initials(self) -> str:
        """Two letters for a small round picture."""
        words = self.name.split()
        return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()

    @classmethod
    def with_email(cls, email: str) -> "User | None":
        """The person with that email, however it is written."""
        query = db.select(cls).where(cls.email == email.strip().lower())
        return db.session.scalars(query).one_or_none()

    @classmethod
    def everybody(cls) -> "list[User]":
        """All people, by email."""
        return list(db.session.scalars(db.select(cls).order_by(cls.email)))


class SignInAttempts(db.Model):  # type: ignore[name-defined,misc]
    """How often a door was knocked at in vain; the key is a hash of email and address."""

    key: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int]
    blocked_until: Mapped[datetime | None] = mapped_column(Instant)
    last_at: Mapped[datetime] = mapped_column(Instant)
