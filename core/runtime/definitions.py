"""Definitions by version, read once: a version never changes."""

from functools import lru_cache

from sqlalchemy import select

from core.engine.definition import Definition
from core.storage.db import read_connection
from core.storage.workflow import Version

KEPT = 512
TABLE = Version.__table__


@lru_cache(maxsize=KEPT)
def of_version(version_id: int) -> Definition:
    """The definition of a version; raises LookupError."""
    with read_connection() as connection:
        query = select(TABLE.c.content).where(TABLE.c.id == version_id)
        content = connection.execute(query).scalar_one_or_none()
    if content is None:
        raise LookupError(f"there is no version {version_id}")
    return Definition.from_json(content)
