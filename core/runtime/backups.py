"""Back up and restore: the database, and the keys without which its secrets can't be read."""

import base64
import logging
import os
import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from sqlalchemy import delete, select

from core import clock, config, config_keys
from core.runtime import holding, processes
from core.storage import archive, copies, migrate
from core.storage.archive import BadArchive, Manifest, NoRoom, Opened
from core.storage.db import read_connection, write_connection
from core.storage.process import Process
from core.storage.web_session import WebSession
from core.storage.workspace import Workspace

KEYS, SALT = "keys.encrypted", "keys.salt"
SALT_BYTES = 16
SCRYPT = {"length": 32, "n": 2**16, "r": 8, "p": 1}
LEAST_PASSPHRASE = 12
NIGHT_HOUR = 3
LOOK_EVERY = 60.0  # seconds
FAILED_PAUSE = timedelta(hours=1)
log = logging.getLogger(__name__)


class BackupRefused(Exception):
    """A backup or a restore that can't be done; the message says why and what to do."""


@dataclass(slots=True)
class _Night:
    """What this process knows of the nightly copy."""

    thread: threading.Thread | None = None
    looks_at: float = 0.0
    not_before: datetime | None = None


_night = _Night()


def back_up(file: Path, passphrase: str | None) -> Manifest:
    """Write a backup file; raises BackupRefused. With a passphrase, the keys are in it."""
    if file.exists():
        raise BackupRefused(f"{file} is there already. Name another file.")
    members = sealed_keys(passphrase) if passphrase is not None else {}
    database = copies.database_file()
    if database is not None and not database.exists():
        raise BackupRefused(f"There is no database in {database} yet.")
    if database is None and not members:
        raise BackupRefused(
            "The database is PostgreSQL's to save, with pg_dump. What is left are the keys: "
            "give a passphrase for them."
        )
    try:
        revision = migrate.revision_here()
        return archive.write(file, database=database, revision=revision, members=members)
    except (BadArchive, NoRoom) as error:
        raise BackupRefused(str(error)) from error
    except OSError as error:
        raise BackupRefused(f"{file} can't be written: {error.strerror or error}.") from error


def sealed_keys(passphrase: str) -> dict[str, bytes]:
    """The keys as members of a backup file; only the passphrase opens them."""
    if len(passphrase) < LEAST_PASSPHRASE:
        raise BackupRefused(f"The passphrase needs at least {LEAST_PASSPHRASE} characters.")
    settings = config.current()
    text = config_keys.written(settings.secret_key, settings.encryption_keys)
    salt = os.urandom(SALT_BYTES)
    return {SALT: salt, KEYS: _lock(passphrase, salt).encrypt(text.encode())}


def keys_in(backup: Opened, passphrase: str | None) -> str | None:
    """The text of the keys file, None when there is none in it; raises BackupRefused."""
    sealed, salt = backup.read(KEYS), backup.read(SALT)
    if sealed is None or salt is None or passphrase is None:
        return None
    try:
        return _lock(passphrase, salt).decrypt(sealed).decode()
    except InvalidToken:
        raise BackupRefused(
            "The passphrase is not the one that the backup was made with."
        ) from None


def check_age(manifest: Manifest) -> None:
    """Refuse what a newer version made."""
    newer_form = manifest.format > archive.FORMAT
    unknown = manifest.revision and manifest.revision not in migrate.known_revisions()
    if newer_form or unknown:
        raise BackupRefused(
            f"This backup was made by openBuild {manifest.version}, which is newer than this one: "
            "install that version, then restore."
        )


def check_nobody_is_here() -> None:
    """Refuse to change a database that a running openBuild uses."""
    if migrate.revision_here() is None:
        return
    with read_connection() as connection:
        heard = Process.heard_lately(connection)
    here = [row.id for row in heard if not processes.has_ended(row.host, row.pid)]
    if here:
        raise BackupRefused(f"openBuild still runs: {', '.join(here)}. Stop it first.")


def settle(manifest: Manifest) -> None:
    """Make the restored database hold still, and sign everybody out."""
    with write_connection() as connection:
        connection.execute(delete(WebSession))
        connection.execute(delete(Process))
    holding.begin(datetime.fromisoformat(manifest.made_at))


def make_nightly() -> None:
    """Copy SQLite once a night, beside all else; of several schedulers one does it."""
    if time.monotonic() < _night.looks_at or (_night.thread and _night.thread.is_alive()):
        return
    _night.looks_at = time.monotonic() + LOOK_EVERY
    now = clock.now()
    if not is_night_due(now):
        return
    _night.not_before = now + FAILED_PAUSE
    _night.thread = threading.Thread(target=copy_tonight, name="nightly copy", daemon=True)
    _night.thread.start()


def is_night_due(now: datetime) -> bool:
    """Whether the newest copy is from before the last night."""
    if not config.current().keep_backups or copies.database_file() is None:
        return False
    if _night.not_before and now < _night.not_before:
        return False
    with read_connection() as connection:
        query = select(Workspace.timezone, Workspace.created_at).order_by(Workspace.id)
        first = connection.execute(query.limit(1)).one_or_none()
    if first is None:
        return False
    made = [copy.made_at for copy in copies.listing() if copy.kind == copies.NIGHTLY]
    newest: datetime = max([*made, first.created_at])
    return newest < last_night(now, first.timezone)


def last_night(now: datetime, timezone: str) -> datetime:
    """When it was last three o'clock there."""
    local = now.astimezone(ZoneInfo(timezone))
    night = local.replace(hour=NIGHT_HOUR, minute=0, second=0, microsecond=0)
    return night if night <= local else night - timedelta(days=1)


def copy_tonight() -> None:
    """Make the nightly copy, unless another process is at it."""
    try:
        with copies.one_at_a_time(waits=False) as is_mine:
            if is_mine:
                copies.make(copies.NIGHTLY, copies.stamp(), migrate.newest_revision())
    except (BadArchive, NoRoom, OSError) as error:
        log.error("the nightly copy was not made: %s", error)


def copy_now() -> Path | None:
    """Make a copy in the data folder, for whoever asks on the health page."""
    try:
        return copies.make(copies.BY_HAND, copies.stamp(), migrate.newest_revision())
    except (BadArchive, NoRoom) as error:
        raise BackupRefused(str(error)) from error
    except OSError as error:
        raise BackupRefused(f"The copy can't be written: {error.strerror or error}.") from error


def _lock(passphrase: str, salt: bytes) -> Fernet:
    key = Scrypt(salt=salt, **SCRYPT).derive(passphrase.encode())
    return Fernet(base64.urlsafe_b64encode(key))
