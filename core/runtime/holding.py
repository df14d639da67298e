"""After a restore nothing is sent until somebody has looked: no run moves, no call is taken."""

import logging
import time
from dataclasses import dataclass
from datetime import datetime

from flask import current_app
from sqlalchemy import delete, select

from core import clock
from core.storage.db import read_connection, upsert, write_connection
from core.storage.installation import ONLY, Installation

LOOK_EVERY = 2.0  # seconds
KNOWN = "openbuild.holding"
TABLE = Installation.__table__
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Holding:
    """Since when it holds, and from when the data is."""

    since: datetime
    restored_from: datetime | None


def is_on() -> bool:
    """Whether nothing may move; this process asks the database every few seconds."""
    return state() is not None


def state() -> Holding | None:
    """What pages say about it; as fresh as `is_on`."""
    looked_at, holding = current_app.extensions.get(KNOWN, (0.0, None))
    now = time.monotonic()
    if not looked_at or now - looked_at >= LOOK_EVERY:
        holding = _read()
        current_app.extensions[KNOWN] = (now, holding)
    found: Holding | None = holding
    return found


def begin(restored_from: datetime | None) -> None:
    """Hold still from now on."""
    row = {"id": ONLY, "holding_since": clock.now(), "restored_from": restored_from}
    with write_connection() as connection:
        upsert(connection, TABLE, row)
    current_app.extensions.pop(KNOWN, None)


def end(*, by: str) -> None:
    """Start sending: within seconds every process goes on with what is due."""
    with write_connection() as connection:
        connection.execute(delete(TABLE).where(TABLE.c.id == ONLY))
    current_app.extensions.pop(KNOWN, None)
    log.info("sending has started", extra={"by": by})


def _read() -> Holding | None:
    with read_connection() as connection:
        row = connection.execute(select(TABLE).where(TABLE.c.id == ONLY)).one_or_none()
    if row is None or row.holding_since is None:
        return None
    return Holding(row.holding_since, row.restored_from)
