"""What the health page shows: figures, the parts with their states, the workers, the version."""

import platform
from dataclasses import dataclass
from datetime import datetime

from blueprints.formats import lasted, number, plural, size
from core import clock, config, queue
from core.engine import durations
from core.engine.states import RunState
from core.release import version
from core.runtime import readiness, retention, vitals
from core.runtime.endpoints import disk
from core.runtime.vitals import Doing, Line
from core.storage import copies
from core.storage.run import Run


@dataclass(frozen=True, slots=True)
class Part:
    """A line of the page: what it is, how it does, and more about that."""

    key: str
    name: str
    icon: str
    tone: str  # good | warn | bad
    state: str
    more: str = ""
    percent: int | None = None


@dataclass(frozen=True, slots=True)
class Overview:
    """All of it, as it is now."""

    line: Line
    oldest_waiting: Run | None
    lately: list[int]
    doings: list[Doing]
    parts: list[Part]
    remarks: list[str]
    version: str
    python: str

    @property
    def workers(self) -> list[Doing]:
        """Those that carry runs out by name, then ones that have ended, the latest first."""
        workers = [doing for doing in self.doings if doing.kind == "worker"]
        ended = [doing for doing in workers if not doing.is_alive]
        ended.sort(key=lambda doing: doing.beat_at, reverse=True)
        return [*(doing for doing in workers if doing.is_alive), *ended]

    @property
    def memory(self) -> int:
        """The bytes of all processes of this machine together."""
        return sum(doing.memory or 0 for doing in self.doings)

    @property
    def per_minute(self) -> float:
        """How many runs were started a minute, in the last half hour."""
        minutes = vitals.SLICES * vitals.SLICE.total_seconds() / 60
        return round(sum(self.lately) / minutes, 1)

    @property
    def bars(self) -> list[tuple[int, int]]:
        """The same over time, as the drawing of bars wants it."""
        return [(count, 0) for count in self.lately]

    @property
    def up_since(self) -> datetime | None:
        """When the oldest process that is alive was started."""
        return min((doing.started_at for doing in self.doings if doing.is_alive), default=None)

    @property
    def broken(self) -> list[Part]:
        """The parts that don't work."""
        return [part for part in self.parts if part.tone == "bad"]

    @property
    def tone(self) -> str:
        """How all is together."""
        if self.broken:
            return "bad"
        return "warn" if self.remarks or any(p.tone == "warn" for p in self.parts) else "good"

    @property
    def title(self) -> str:
        """The same in words."""
        if self.broken:
            names = ", ".join(part.name.lower() for part in self.broken)
            return f"Something doesn't work: {names}"
        count = len(self.things_to_see)
        if count:
            return f"All is running, {plural(count, 'thing')} to look at"
        return "All is running"

    @property
    def things_to_see(self) -> list[str]:
        """What should be looked at, as sentences."""
        scarce = [p.state for p in self.parts if p.tone == "warn" and p.key == "disk"]
        return [*self.remarks, *(f"the disk is nearly full: {state}" for state in scarce)]


def overview(workspace_id: int) -> Overview:
    """Look at everything."""
    doings = vitals.doings(workspace_id)
    line = vitals.line()
    return Overview(
        line=line,
        oldest_waiting=vitals.oldest_waiting(workspace_id),
        lately=vitals.lately(),
        doings=doings,
        parts=[
            *(process_part(kind, doings) for kind in PROCESSES),
            queue_part(line),
            database_part(),
            disk_part(),
            copies_part(),
        ],
        remarks=readiness.remarks(line),
        version=version(),
        python=platform.python_version(),
    )


PROCESSES = {
    "web": ("Web", "globe", "no web process says so"),
    "worker": ("Workers", "cpu", "none: calls are kept in line until one is there"),
    "scheduler": ("Scheduler", "calendar-clock", "none: nothing wakes up by itself"),
}


def process_part(kind: str, doings: list[Doing]) -> Part:
    """The processes of one kind."""
    name, icon, without = PROCESSES[kind]
    alive = [doing for doing in doings if doing.kind == kind and doing.is_alive]
    if not alive:
        return Part(kind, name, icon, "bad", without)
    last = max(doing.beat_at for doing in alive)
    age = max((clock.now() - last).total_seconds(), 0)
    state = plural(len(alive), "process", "processes")
    if kind == "worker":
        busy = sum(bool(doing.runs) for doing in alive)
        state = f"{len(alive)} alive, {busy} at work"
    return Part(kind, name, icon, "good", state, f"last sign {age:.0f} s ago")


def queue_part(line: Line) -> Part:
    """The bell; the line itself is in the database."""
    said = queue.server()
    if said is None:
        more = "runs go on more slowly without it; nothing is lost"
        return Part("queue", "Queue", "list-end", "bad", "doesn't answer", more)
    where = "an address of yours" if config.current().redis_url else "own socket"
    more = f"{number(line.count)} in line, emptied at any time without loss"
    return Part("queue", "Queue", "list-end", "good", f"{said}, {where}", more)


def database_part() -> Part:
    """Where everything is."""
    octets = vitals.database_size()
    state = "PostgreSQL" if octets is None else f"SQLite, {size(octets)}"
    finished, failed = map(retention.kept_for, (RunState.SUCCEEDED, RunState.FAILED))
    more = f"finished runs stay {durations.words(finished)}, failed ones {durations.words(failed)}"
    return Part("database", "Database", "database", "good", state, more)


def disk_part() -> Part:
    """How much room there is, and what happens when there is none."""
    room = disk.room()
    least = disk.least_free()
    tone = "bad" if room.free < least else "warn" if room.free < 2 * least else "good"
    return Part(
        "disk",
        "Disk",
        "hard-drive",
        tone,
        f"{size(room.free)} free of {size(room.total)}",
        f"below {size(int(least))} new calls get 503",
        round(100 * (1 - room.free / room.total)),
    )


def copies_part() -> Part:
    """The copies in the data folder."""
    if copies.database_file() is None:
        more = "save it with pg_dump, and the keys with ./openbuild backup"
        return Part("copies", "Backup", "database-backup", "good", "PostgreSQL's own", more)
    made = copies.listing()
    nightly = sum(copy.kind == copies.NIGHTLY for copy in made)
    kept = config.current().keep_backups
    if not made:
        more = "the first one is made at 3:00" if kept else "OPENBUILD_KEEP_BACKUPS is 0"
        return Part("copies", "Backup", "database-backup", "good", "none yet", more)
    age = lasted((clock.now() - made[0].made_at).total_seconds() * 1000)
    state = f"{age} ago, {size(made[0].size)}"
    more = f"{plural(nightly, 'night')} kept of {kept}, in the data folder"
    tone = "warn" if readiness.copy_problem() else "good"
    return Part("copies", "Backup", "database-backup", tone, state, more)
