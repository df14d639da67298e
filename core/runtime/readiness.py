"""Whether openBuild can take work: each part that it needs, and what is wrong with it."""

import logging
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from core import clock, config, queue
from core.runtime import holding, processes, workspaces
from core.runtime.endpoints import disk
from core.runtime.vitals import Line
from core.storage import copies
from core.storage.db import damage, in_short, read_connection
from core.storage.workspace import Workspace

LONG_LINE = 60.0  # seconds
OLD_COPY = timedelta(hours=36)
log = logging.getLogger(__name__)


def check() -> dict[str, str]:
    """Every part by name, as "ok" or in words what is wrong."""
    found = {"database": database(), "queue": bell(), "disk": disk_room()}
    for kind in ("worker", "scheduler"):
        found[kind] = process(kind) if found["database"] == "ok" else "unknown without the database"
    return found


def remarks(line: Line) -> list[str]:
    """What works but should be looked at, in words; the database must answer."""
    found = []
    if holding.is_on():
        found.append("nothing is sent since a restore: press Start sending on any page")
    if line.oldest_seconds > LONG_LINE:
        found.append(
            f"{line.count} in line, the oldest for {round(line.oldest_seconds)} s: "
            "more workers are needed"
        )
    if problem := copy_problem():
        found.append(problem)
    if config.current().durability != "full":
        found.append("OPENBUILD_DURABILITY=normal: a power cut can lose accepted calls")
    return found


def copy_problem() -> str:
    """What is wrong with the nightly copies; nothing where there are none to make."""
    if copies.database_file() is None:
        return ""
    if not config.current().keep_backups:
        return "OPENBUILD_KEEP_BACKUPS=0: no nightly copies are made"
    first = Workspace.named(workspaces.FIRST)
    made = [copy.made_at for copy in copies.listing() if copy.kind == copies.NIGHTLY]
    newest = max([*made, first.created_at] if first else [*made], default=None)
    if newest is None or clock.now() - newest < OLD_COPY:
        return ""
    return f"the newest nightly copy is of {newest:%-d %B %Y}" if made else "no nightly copy exists"


def disk_room() -> str:
    """Whether calls are still accepted."""
    if not disk.is_nearly_full():
        return "ok"
    free = disk.room().free / 1_000_000
    return f"only {free:.0f} MB are free, so calls are refused"


def database() -> str:
    try:
        with read_connection() as connection:
            connection.execute(text("SELECT 1"))
    except SQLAlchemyError as error:
        if said := damage(error):
            return f"the database is damaged: {said}; restore a backup"
        log.warning("the database doesn't answer: %s", in_short(error))
        return "the database doesn't answer"
    return "ok"


def bell() -> str:
    return "ok" if queue.is_alive() else "the queue's server doesn't answer"


def process(kind: str) -> str:
    return "ok" if processes.alive(kind) else f"no {kind} has been heard of lately"
