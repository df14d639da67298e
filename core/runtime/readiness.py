"""Whether openBuild can take work: each part that it needs, and what is wrong with it."""

import logging

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from core import queue
from core.runtime import processes
from core.storage.db import read_connection

log = logging.getLogger(__name__)


def check() -> dict[str, str]:
    """Every part by name, as "ok" or in words what is wrong."""
    found = {"database": database(), "queue": bell()}
    for kind in ("worker", "scheduler"):
        found[kind] = process(kind) if found["database"] == "ok" else "unknown without the database"
    return found


def database() -> str:
    try:
        with read_connection() as connection:
            connection.execute(text("SELECT 1"))
    except SQLAlchemyError:
        log.warning("the database doesn't answer", exc_info=True)
        return "the database doesn't answer"
    return "ok"


def bell() -> str:
    return "ok" if queue.is_alive() else "the queue's server doesn't answer"


def process(kind: str) -> str:
    return "ok" if processes.alive(kind) else f"no {kind} has been heard of lately"
