"""Small values shared by all runs of a workspace, changed inside a step's own transaction."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, select, update

from core.engine.errors import StepFailed
from core.storage.columns import database_now
from core.storage.db import insert_missing, transaction
from core.storage.stored_value import StoredValue

TABLE = StoredValue.__table__


class TransactionValues:
    """The values of one workspace as a step meets them: what it changes is committed with it."""

    def __init__(self, connection: Connection, workspace_id: int) -> None:
        self.connection = connection
        self.workspace_id = workspace_id

    def read(self, key: str) -> Any:
        """The value, or null if there is none or it has expired."""
        query = select(TABLE.c.value).where(
            *self._this(key), (TABLE.c.expires_at.is_(None)) | (TABLE.c.expires_at > database_now())
        )
        return self.connection.execute(query).scalar_one_or_none()

    def store(self, key: str, value: Any, *, expires: datetime | None) -> None:
        """Write it, over an older one."""
        self._put(key, value, expires)

    def increment(self, key: str, by: float, *, expires: datetime | None) -> float:
        """Add to a number and return the sum; nothing, or something expired, counts as 0."""
        # Counting must not lose a turn: on PostgreSQL the row is locked before it is read.
        self._ensure(key)
        query = select(TABLE.c.value, TABLE.c.expires_at).where(*self._this(key)).with_for_update()
        self.connection.execute(query)
        before = self.read(key) or 0
        if isinstance(before, bool) or not isinstance(before, int | float):
            raise StepFailed(f"the value under “{key}” is not a number, so nothing can be added")
        after = before + by
        self._put(key, after, expires)
        return after

    def _this(self, key: str) -> tuple[Any, Any]:
        return TABLE.c.workspace_id == self.workspace_id, TABLE.c.key == key

    def _ensure(self, key: str) -> None:
        row = {"workspace_id": self.workspace_id, "key": key, "value": None}
        insert_missing(self.connection, TABLE, row)

    def _put(self, key: str, value: Any, expires: datetime | None) -> None:
        self._ensure(key)
        changed = update(TABLE).where(*self._this(key)).values(value=value, expires_at=expires)
        self.connection.execute(changed)


def forget_expired() -> None:
    """Delete values whose time is over."""
    with transaction() as session:
        session.execute(delete(TABLE).where(TABLE.c.expires_at < database_now()))
