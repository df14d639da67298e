"""The copies that openBuild makes by itself, in the data folder: nightly, and before a change."""

import fcntl
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from core import clock, config
from core.storage import archive

NAME = re.compile(r"(nightly|before|by-hand)-[\w-]+\.zip")
NIGHTLY, BEFORE, BY_HAND = "nightly", "before", "by-hand"


@dataclass(frozen=True, slots=True)
class Copy:
    """A backup file in the data folder."""

    file: Path
    made_at: datetime
    size: int

    @property
    def kind(self) -> str:
        """Nightly, before a change of the tables, or by hand."""
        found = NAME.fullmatch(self.file.name)
        return found[1] if found else ""


def folder() -> Path:
    """Where they are."""
    return config.current().home / "backups"


def database_file() -> Path | None:
    """The file of the database; None when it is a server."""
    scheme, _, path = config.current().database_url.partition(":///")
    return Path(path) if scheme == "sqlite" else None


def listing() -> list[Copy]:
    """All copies, newest first."""
    found = [Copy(file, moment_of(file), file.stat().st_size) for file in files()]
    return sorted(found, key=lambda copy: copy.made_at, reverse=True)


def files() -> Iterator[Path]:
    if folder().is_dir():
        yield from (file for file in folder().iterdir() if NAME.fullmatch(file.name))


def moment_of(file: Path) -> datetime:
    return datetime.fromtimestamp(file.stat().st_mtime, UTC)


def make(kind: str, name: str, revision: str | None) -> Path | None:
    """Copy the database and drop the oldest of its kind; None when it is a server."""
    source = database_file()
    if source is None or not source.exists():
        return None
    folder().mkdir(mode=0o700, exist_ok=True)
    file = folder() / f"{kind}-{name}.zip"
    archive.write(file, database=source, revision=revision, members={})
    drop_oldest(kind)
    return file


def drop_oldest(kind: str) -> None:
    """Keep as many of a kind as the settings say; those made by hand are the operator's."""
    kept = config.current().keep_backups
    if kind == BY_HAND or not kept:
        return
    same = [copy for copy in listing() if copy.kind == kind]
    for copy in same[kept:]:
        copy.file.unlink(missing_ok=True)


def stamp() -> str:
    """The present moment as a part of a file's name."""
    return f"{clock.now():%Y-%m-%d-%H%M%S}"


@contextmanager
def one_at_a_time(*, waits: bool) -> Iterator[bool]:
    """Whether this process may make a copy now: of several, one does."""
    lock = config.current().home / "backups.lock"
    with lock.open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | (0 if waits else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
        else:
            yield True
