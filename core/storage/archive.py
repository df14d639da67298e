"""Backup files: one archive with the database, what else belongs to it, and what it is."""

import hashlib
import json
import os
import shutil
import sqlite3
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from core import clock
from core.release import version

FORMAT = 1
MANIFEST, DATABASE = "backup.json", "openbuild.db"
OWNER_ONLY = 0o600
ROOM_FACTOR = 2  # the copy and the archive of it are there at the same time
PIECE = 1024 * 1024  # bytes
LARGEST_MANIFEST = 1024 * 1024


class BadArchive(Exception):
    """A file that is no backup, or a damaged one."""


class NoRoom(Exception):
    """The disk has no room for the copy."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup file says of itself."""

    made_at: str
    version: str
    revision: str | None
    database: str  # sqlite | elsewhere
    checksums: dict[str, str] = field(default_factory=dict)
    format: int = FORMAT

    @property
    def has_database(self) -> bool:
        """Whether the database is in it."""
        return DATABASE in self.checksums


def write(
    file: Path, *, database: Path | None, revision: str | None, members: Mapping[str, bytes]
) -> Manifest:
    """Make a backup file, whole or not at all; raises NoRoom."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if database:
        check_room(file.parent, database)
    made_at = clock.now().isoformat(timespec="seconds")
    kind = "sqlite" if database else "elsewhere"
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=file.parent) as room:
        contents = {name: put(Path(room) / name, data) for name, data in members.items()}
        if database:
            contents[DATABASE] = copy_database(database, Path(room) / DATABASE)
        checksums = {name: checksum(path) for name, path in contents.items()}
        manifest = Manifest(made_at, version(), revision, kind, checksums)
        contents[MANIFEST] = put(Path(room) / MANIFEST, json.dumps(asdict(manifest)).encode())
        pack(contents, Path(room) / "archive")
        os.replace(Path(room) / "archive", file)
    return manifest


def put(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def pack(contents: Mapping[str, Path], target: Path) -> None:
    """All of it in one file, which is on the disk when this returns."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
        for name, path in contents.items():
            archive.write(path, name)
    target.chmod(OWNER_ONLY)
    with target.open("rb") as written:
        os.fsync(written.fileno())


def copy_database(source: Path, target: Path) -> Path:
    """What SQLite holds at this moment, while others go on writing; looked through for damage."""
    with closing(sqlite3.connect(source)) as reading, closing(sqlite3.connect(target)) as writing:
        reading.backup(writing)
        writing.execute("PRAGMA journal_mode=DELETE")
        check_whole(writing)
    return target


def check_whole(database: sqlite3.Connection) -> None:
    """Raise BadArchive when SQLite finds damage."""
    try:
        (found,) = database.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        found = str(error)
    if found != "ok":
        raise BadArchive(f"The database is damaged: {found}.")


def check_room(folder: Path, database: Path) -> None:
    needed = database.stat().st_size * ROOM_FACTOR
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise NoRoom(
            f"There is no room in {folder} for a copy of the database: it needs up to "
            f"{needed // 1_000_000 + 1} MB, and {free // 1_000_000} MB are free."
        )


@contextmanager
def opened(file: Path) -> Iterator["Opened"]:
    """A backup file that is whole; raises BadArchive."""
    try:
        archive = zipfile.ZipFile(file)
    except OSError as error:
        raise BadArchive(f"{file} can't be read: {error.strerror}.") from error
    except zipfile.BadZipFile as error:
        raise BadArchive(f"{file} is not a backup of openBuild, or it is damaged.") from error
    with archive:
        yield Opened(file, archive, manifest_of(file, archive))


def manifest_of(file: Path, archive: zipfile.ZipFile) -> Manifest:
    try:
        if archive.getinfo(MANIFEST).file_size > LARGEST_MANIFEST:
            raise ValueError("no manifest is as large as this")
        return Manifest(**json.loads(archive.read(MANIFEST)))
    except (zipfile.BadZipFile, KeyError, TypeError, ValueError) as error:
        raise BadArchive(f"{file} is not a backup that this openBuild can read.") from error


@dataclass(frozen=True, slots=True)
class Opened:
    """A backup file that is being read."""

    file: Path
    archive: zipfile.ZipFile
    manifest: Manifest

    def read(self, name: str) -> bytes | None:
        """A small member, if it is there."""
        return self.archive.read(name) if name in self.manifest.checksums else None

    def unpack_database(self, target: Path) -> None:
        """Put the database there, checked from end to end."""
        try:
            with self.archive.open(DATABASE) as packed, target.open("wb") as plain:
                target.chmod(OWNER_ONLY)
                shutil.copyfileobj(packed, plain, PIECE)
                plain.flush()
                os.fsync(plain.fileno())
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise BadArchive(f"{self.file} is damaged; take another backup.") from error
        if checksum(target) != self.manifest.checksums[DATABASE]:
            raise BadArchive(f"{self.file} is damaged; take another backup.")
        with closing(sqlite3.connect(target)) as database:
            check_whole(database)


def checksum(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
