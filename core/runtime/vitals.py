"""How it goes: what is in line, what waits, what runs, and the processes that do it."""

import platform
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Double, Integer, case, cast, func, select, type_coerce

from core import clock
from core.engine.states import RunState
from core.runtime import processes
from core.storage import copies
from core.storage.columns import database_now
from core.storage.db import db, read_connection
from core.storage.process import SILENT_AFTER, Process
from core.storage.run import Run
from core.storage.run_counts import first_id_at

SLICES, SLICE = 15, timedelta(minutes=2)
MOST_RUNNING = 200
RUN = Run.__table__


@dataclass(frozen=True, slots=True)
class Line:
    """What is in line for a worker."""

    count: int
    oldest_seconds: float


@dataclass(frozen=True, slots=True)
class Doing:
    """A process, what it does, and how much memory it has of its own."""

    name: str
    kind: str
    host: str
    started_at: datetime
    beat_at: datetime
    is_alive: bool
    memory: int | None
    runs: tuple[tuple[str, str], ...]  # id and title


def line() -> Line:
    """How many runs are in line, and since when the first of them is."""
    # A run that was woken is in line since its bell; a fresh one since it was made.
    since = case((RUN.c.started_at.is_(None), RUN.c.created_at), else_=RUN.c.rung_at)
    age = type_coerce(database_now(), Double) - type_coerce(func.min(since), Double)
    with read_connection() as connection:
        query = select(func.count(), age).where(RUN.c.state == RunState.QUEUED)
        count, seconds = connection.execute(query).one()
    return Line(count, max(seconds or 0.0, 0.0))


def oldest_waiting(workspace_id: int) -> Run | None:
    """The run of this workspace that has been asleep for the longest."""
    mine = Run.workspace_id == workspace_id, Run.state == RunState.WAITING
    return db.session.scalar(select(Run).where(*mine).order_by(Run.id).limit(1))


def lately() -> list[int]:
    """How many runs were started in each slice of the last half hour, oldest first."""
    begin = clock.now() - SLICES * SLICE
    slice_ = cast(
        func.floor(
            (type_coerce(RUN.c.created_at, Double) - begin.timestamp()) / SLICE.total_seconds()
        ),
        Integer,
    )
    counts = [0] * SLICES
    with read_connection() as connection:
        query = select(slice_, func.count()).where(RUN.c.id >= first_id_at(begin)).group_by(slice_)
        for place, count in connection.execute(query):
            counts[min(max(place, 0), SLICES - 1)] += count
    return counts


def doings(workspace_id: int) -> list[Doing]:
    """All processes of the last hour, by name; runs are named that this workspace may see."""
    now = clock.now()
    with read_connection() as connection:
        rows = connection.execute(select(Process.__table__).order_by(Process.id)).all()
        held = select(RUN.c.worker_id, RUN.c.id, RUN.c.title).where(
            RUN.c.state == RunState.RUNNING, RUN.c.workspace_id == workspace_id
        )
        runs = connection.execute(held.limit(MOST_RUNNING)).all()
    at_work: dict[str, list[tuple[str, str]]] = {}
    for run in runs:
        at_work.setdefault(run.worker_id, []).append((run.id, run.title))
    found = []
    for row in rows:
        is_alive = now - row.beat_at < SILENT_AFTER
        found.append(
            Doing(
                name=row.id.rpartition(" ")[0],
                kind=row.kind,
                host=row.host,
                started_at=row.started_at,
                beat_at=row.beat_at,
                is_alive=is_alive,
                memory=memory(row.pid) if is_alive and row.host == platform.node() else None,
                runs=tuple(at_work.get(f"{row.host}:{row.pid}", ())) if is_alive else (),
            )
        )
    return found


def memory(pid: int) -> int | None:
    """The bytes a process of this machine uses, its part of what is shared counted once."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    except (OSError, StopIteration):
        return None


def database_size() -> int | None:
    """The bytes of SQLite's files; a server's size is its own affair."""
    file = copies.database_file()
    if file is None:
        return None
    sides = (file, file.with_name(file.name + "-wal"))
    return sum(side.stat().st_size for side in sides if side.exists())


def count_alive() -> dict[str, int]:
    """How many processes of each kind are alive."""
    return {kind: len(processes.alive(kind)) for kind in ("web", "worker", "scheduler")}
