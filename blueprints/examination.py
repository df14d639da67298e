"""What the doctor looks at: a name, and what is wrong with it or nothing."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

from blueprints import assets
from core import config
from core.runtime import consistency, holding, readiness, stored_secrets, users, vitals
from core.storage import copies, migrate

OTHERS = 0o077
MOUNTS = Path("/proc/self/mounts")
NETWORK_DISKS = frozenset({"nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "glusterfs"})
Finding = tuple[str, str]


def findings(*, reads_all: bool = False) -> Iterator[Finding]:
    """Everything, the machine first; `reads_all` looks through the whole database too."""
    settings = config.current()
    yield "data folder", data_folder(settings.home)
    yield "keys", keys(settings.home)
    yield "address", address(settings)
    yield "durability", "" if settings.durability == "full" else "a power cut can lose calls"
    yield (
        "front-end files",
        "" if assets.vendor_folder().exists() else "missing: ./openbuild assets",
    )
    if (database := readiness.database()) != "ok":
        yield "database", database
        return
    yield "database", tables()
    if reads_all and (file := copies.database_file()):
        yield "database file", damage(file)
    if migrate.revision_here() == migrate.newest_revision():
        yield from contents()
        yield "stuck runs", "" if holding.is_on() else in_words(consistency.stuck())
        if reads_all:
            yield "ended runs", in_words(consistency.broken())


def in_words(breaks: Iterable[consistency.Break]) -> str:
    """Which rules are broken, how often, and where to look."""
    return "; ".join(
        f"{found.count} {found.rule}, such as {', '.join(found.run_ids)}" for found in breaks
    )


def contents() -> Iterator[Finding]:
    """What can only be asked where the tables are as this version has them."""
    yield "owner", "nobody yet: open the link that up prints" if users.is_owner_missing() else ""
    locked = stored_secrets.unreadable()
    yield "stored secrets", f"the keys here don't open: {', '.join(locked)}" if locked else ""
    yield "nightly copies", readiness.copy_problem()
    yield "sending", "held since a restore: press Start sending" if holding.is_on() else ""
    for name, answer in readiness.check().items():
        if name != "database":
            yield name, "" if answer == "ok" else answer
    line = vitals.line()
    is_long = line.oldest_seconds > readiness.LONG_LINE
    waited = f"{line.count} runs, the oldest for {round(line.oldest_seconds)} s: add workers"
    yield "in line", waited if is_long else ""


def data_folder(home: Path) -> str:
    """Whether SQLite can trust the disk under it."""
    if copies.database_file() is None:
        return ""
    kind = disk_kind(home)
    return f"SQLite loses data on a network disk ({kind})" if kind in NETWORK_DISKS else ""


def disk_kind(home: Path) -> str:
    """The kind of the file system that the folder is on, where the system tells."""
    try:
        rows = [line.split() for line in MOUNTS.read_text().splitlines()]
    except OSError:
        return ""
    under = [row for row in rows if home.is_relative_to(row[1])]
    return max(under, key=lambda row: len(row[1]))[2] if under else ""


def keys(home: Path) -> str:
    """Whether nobody else can read them."""
    file = home / "keys"
    return f"others can read {file}: chmod 600" if file.stat().st_mode & OTHERS else ""


def address(settings: config.Settings) -> str:
    """Whether links lead to where people are."""
    parts = urlsplit(settings.base_url)
    if parts.hostname in config.LOOPBACK:
        if settings.trusted_proxies:
            return f"links lead to {settings.base_url}, not to the proxy: set OPENBUILD_BASE_URL"
        return ""
    if parts.scheme != "https":
        return f"{settings.base_url} is not encrypted: passwords and keys can be read on the way"
    return ""


def tables() -> str:
    """Whether they are as this version needs them."""
    here = migrate.revision_here()
    if here is None:
        return "empty: ./openbuild up makes the tables"
    if here not in migrate.known_revisions():
        return "changed by a newer openBuild than this one"
    return "" if here == migrate.newest_revision() else "older than this version: restart"


def damage(file: Path) -> str:
    """What SQLite finds when it looks through all of it."""
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
            (found,) = database.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        found = str(error)
    return "" if found == "ok" else f"damaged: {found}. Restore a backup"
