"""The keys made at the first start, kept in the data folder for its owner only."""

import base64
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from core.config_values import ConfigError, encryption_keys, parse_env_file

KEY_BYTES = 32
OWNER_ONLY = 0o600


@dataclass(frozen=True, slots=True)
class Keys:
    """What signs and what encrypts; the first encryption key is the one in use."""

    secret_key: str
    encryption_keys: tuple[str, ...]

    def __repr__(self) -> str:
        return "Keys(•••)"


def stored(home: Path) -> Keys:
    """The keys of a data folder, made when there are none yet."""
    file = home / "keys"
    try:
        if not file.exists():
            make(file)
        values = parse_env_file(file.read_text(), file)
        if file.stat().st_mode & 0o077:
            file.chmod(OWNER_ONLY)
    except OSError as error:
        raise ConfigError(f"The keys in {file} can't be used: {error.strerror}.") from error
    try:
        return Keys(
            secret_key=values["OPENBUILD_SECRET_KEY"],
            encryption_keys=encryption_keys(values["OPENBUILD_ENCRYPTION_KEYS"]),
        )
    except (KeyError, ValueError) as error:
        raise ConfigError(f"The keys in {file} are damaged. Restore the file.") from error


def make(file: Path) -> None:
    """Write fresh keys; of several processes that try at once, the first one's are kept."""
    text = written(secrets.token_urlsafe(KEY_BYTES), (fresh_encryption_key(),))
    fresh = write_beside(file, text)
    try:
        os.link(fresh, file)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()


def replace(file: Path, text: str) -> None:
    """Put other keys in the place of those that are there, wholly or not at all."""
    os.replace(write_beside(file, text), file)


def fresh_encryption_key() -> str:
    """A key that nobody has."""
    return base64.urlsafe_b64encode(os.urandom(KEY_BYTES)).decode()


def written(secret_key: str, encryption_keys: tuple[str, ...]) -> str:
    """The content of the file."""
    together = ",".join(encryption_keys)
    return f"OPENBUILD_SECRET_KEY={secret_key}\nOPENBUILD_ENCRYPTION_KEYS={together}\n"


def write_beside(file: Path, text: str) -> Path:
    fresh = file.with_name(f"keys.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    with os.fdopen(descriptor, "w") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    return fresh
