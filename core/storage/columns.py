"""Column types and the database's own clock."""

import os
import time
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import Connection, Double, LargeBinary, Text, TypeDecorator, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import FunctionElement


class Instant(TypeDecorator[datetime]):
    """A moment: an aware UTC datetime here, seconds since 1970 in the database."""

    impl = Double
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> float | None:
        """Refuse times without a zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone")
        return value.timestamp()

    def process_result_value(self, value: float | None, dialect: Any) -> datetime | None:
        """Back to an aware datetime."""
        return None if value is None else datetime.fromtimestamp(value, UTC)

    def coerce_compared_value(self, op: Any, value: Any) -> Any:
        """A number beside a moment is seconds."""
        return Double() if isinstance(value, int | float) else self


class Json(TypeDecorator[Any]):
    """A JSON value kept as text, key order included; no database reshapes it."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> str | None:
        """Null stays NULL."""
        return None if value is None else orjson.dumps(value).decode()

    def process_result_value(self, value: str | None, dialect: Any) -> Any:
        """NULL stays null."""
        return None if value is None else orjson.loads(value)


class JsonBlob(TypeDecorator[Any]):
    """A JSON value kept as bytes, for what only the machine reads; bytes are JSON already."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> bytes | None:
        """Null stays NULL."""
        return value if value is None or isinstance(value, bytes) else orjson.dumps(value)

    def process_result_value(self, value: bytes | None, dialect: Any) -> Any:
        """NULL stays null."""
        return None if value is None else orjson.loads(value)


class database_now(FunctionElement[datetime]):
    """The database's clock, the one that leases and due times go by."""

    type = Instant()
    inherit_cache = True


@compiles(database_now, "sqlite")
def _sqlite_now(*_: Any, **__: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(database_now, "postgresql")
def _postgresql_now(*_: Any, **__: Any) -> str:
    return "extract(epoch from clock_timestamp())::double precision"


def database_time(connection: Connection | Session) -> datetime:
    """What the database's clock shows; one query, so not for what happens often."""
    moment: datetime = connection.execute(select(database_now())).scalar_one()
    return moment


def new_id() -> str:
    """A UUIDv7 (RFC 9562, 5.7) as text: sorts by the time it was made."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    value = milliseconds << 80 | 0x7 << 76 | (random >> 68 & 0xFFF) << 64
    value |= 0b10 << 62 | random & (1 << 62) - 1
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
