"""Every setting: its name, type, default and a line of help; read once, loudly when wrong.

A setting comes from the environment, else from the file .env in the data folder, else from its
default. NAME_FILE names a file that holds the value.
"""

import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from core import config_keys
from core.config_values import (
    ConfigError,
    certificates,
    choice,
    count,
    database_address,
    distance,
    duration,
    encryption_keys,
    folder,
    open_hosts,
    parse_env_file,
    proxy_address,
    proxy_networks,
    queue_address,
    size,
    text,
    web_address,
)

PREFIX = "OPENBUILD_"
PROJECT = Path(__file__).resolve().parent.parent
DEFAULT_HOST, DEFAULT_PORT = "127.0.0.1", 8000
LOOPBACK = ("127.0.0.1", "localhost", "::1")
TYPO_DISTANCE = 2
LONGEST_SOCKET_PATH = 100  # the kernel's limit is 107 bytes
log = logging.getLogger(__name__)


def setting(read: Callable[[str], Any], default: str, help: str, *, secret: bool = False) -> Any:
    """Declare a setting: how it is read, what it is when not given, and what it is for."""
    return field(
        metadata={"read": read, "default": default, "help": help, "secret": secret},
        repr=not secret,
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of one process."""

    home: Path = setting(folder, "./var", "Data folder: database, Valkey's data, keys, write.lock")
    database_url: str = setting(
        database_address, "", "Empty: SQLite in the data folder; or postgresql://…", secret=True
    )
    redis_url: str = setting(
        queue_address, "", "Empty: the bundled Valkey; or any Redis or Valkey", secret=True
    )
    base_url: str = setting(
        web_address, "", "Address of this product as seen from outside; empty: where it listens"
    )
    trusted_proxies: tuple[str, ...] = setting(
        proxy_networks, "", "Addresses whose X-Forwarded-* count"
    )
    secret_key: str = setting(
        text, "", "Signs sessions and links; made at first start", secret=True
    )
    encryption_keys: tuple[str, ...] = setting(
        encryption_keys,
        "",
        "Encrypt stored secrets, newest first; made at first start",
        secret=True,
    )
    allowed_hosts_out: tuple[str, ...] = setting(
        open_hosts, "", "host[:port] or CIDR that steps may reach although private"
    )
    proxy_out: str = setting(
        proxy_address, "", "Proxy for all requests that steps send", secret=True
    )
    ca_file: str = setting(certificates, "", "Certificates to trust beside the usual ones")
    durability: str = setting(
        partial(choice, ("full", "normal")), "full", "full: a 202 is on disk; normal: never fsync"
    )
    max_body: int = setting(size, "10MB", "Largest body that a call may have")
    max_backlog: int = setting(
        count, "100000", "Runs in line in a workspace, from which on calls get 503; 0: no limit"
    )
    keep_runs: timedelta = setting(duration, "30d", "How long finished runs are kept")
    keep_failed_runs: timedelta = setting(duration, "90d", "How long failed runs are kept")
    keep_backups: int = setting(
        count, "7", "How many nightly copies of SQLite are kept; 0 makes none"
    )
    log_format: str = setting(partial(choice, ("text", "json")), "text", "text or json")
    log_level: str = setting(
        partial(choice, ("debug", "info", "warning", "error")), "info", "What is worth a line"
    )

    @property
    def run_folder(self) -> Path:
        """Where sockets and locks of running processes are; short enough for a socket's path."""
        inside = self.home / "run"
        if len(os.fsencode(inside / "valkey.sock")) <= LONGEST_SOCKET_PATH:
            return inside
        short = sha256(os.fsencode(self.home)).hexdigest()[:12]
        return Path(f"/tmp/openbuild-{os.getuid()}-{short}")

    @property
    def valkey_socket(self) -> Path:
        """The socket of the bundled Valkey."""
        return self.run_folder / "valkey.sock"

    @property
    def queue_url(self) -> str:
        """Where the queue is: the address given, else the bundled Valkey's socket."""
        return self.redis_url or f"unix://{self.valkey_socket}"


_current: Settings | None = None


def current() -> Settings:
    """The settings of this process, read when first asked for."""
    global _current
    if _current is None:
        _current = load(os.environ)
    return _current


def use(settings: Settings | None) -> None:
    """Take these settings from now on; None reads them again."""
    global _current
    _current = settings


def refresh_keys() -> bool:
    """Take the encryption keys that were added in the data folder since; whether there were any."""
    settings = current()
    stored = config_keys.stored(settings.home).encryption_keys
    if not set(settings.encryption_keys) < set(stored):
        return False
    use(replace(settings, encryption_keys=stored))
    return True


def listen_on(host: str, port: int) -> Settings:
    """Take the settings of a process that answers at this host and port."""
    settings = load(os.environ, listening_at=address(host, port))
    if host not in LOOPBACK and settings.base_url == address(host, port):
        raise ConfigError(
            f"Links can't be made for {host}: say under which address openBuild is reached, "
            "for example OPENBUILD_BASE_URL=https://flows.example.com"
        )
    use(settings)
    return settings


def address(host: str, port: int) -> str:
    """The web address of a host and a port."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def is_unattended() -> bool:
    """Whether a build machine runs us: what it can't do is a failure there, not a remark."""
    return os.environ.get("CI", "").lower() == "true"


def load(environment: Mapping[str, str], listening_at: str = "") -> Settings:
    """Read all settings, and make the data folder and the keys where they are missing."""
    given = {name: value for name, value in environment.items() if name.startswith(PREFIX)}
    home = read_home(given)
    given = read_env_file(home / ".env") | given
    check_names(given)
    values: dict[str, Any] = {
        declared.name: read_setting(declared.name, declared.metadata, given)
        for declared in fields(Settings)
    }
    values["home"] = home
    values["database_url"] = values["database_url"] or f"sqlite:///{home / 'openbuild.db'}"
    values["base_url"] = values["base_url"] or listening_at or last_address(home)
    keys = config_keys.stored(home)
    values["secret_key"] = values["secret_key"] or keys.secret_key
    values["encryption_keys"] = values["encryption_keys"] or keys.encryption_keys
    return Settings(**values)


def last_address(home: Path) -> str:
    """Where openBuild was last started in this data folder."""
    try:
        return web_address((home / "address").read_text())
    except (OSError, ValueError):
        return address(DEFAULT_HOST, DEFAULT_PORT)


def names() -> dict[str, Mapping[str, Any]]:
    """Every setting's name with its declaration, for documentation."""
    return {PREFIX + declared.name.upper(): declared.metadata for declared in fields(Settings)}


def read_home(given: Mapping[str, str]) -> Path:
    home: Path = read_setting("home", names()[PREFIX + "HOME"], given)
    if PREFIX + "HOME" not in given and PREFIX + "HOME_FILE" not in given:
        home = PROJECT / home.name  # the same one from whichever folder a command is given
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"The data folder {home} can't be made: {error.strerror}.") from error
    if not os.access(home, os.W_OK | os.X_OK):
        raise ConfigError(
            f"The data folder {home} can't be written to. Give this user the right to, "
            "or name another folder with OPENBUILD_HOME."
        )
    return home


def read_env_file(file: Path) -> dict[str, str]:
    try:
        content = file.read_text()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(f"The settings in {file} can't be read: {error.strerror}.") from error
    lines = parse_env_file(content, file)
    return {name: value for name, value in lines.items() if name.startswith(PREFIX)}


def check_names(given: Mapping[str, str]) -> None:
    known = set(names())
    for name in given:
        plain = name.removesuffix("_FILE")
        if name in known or plain in known:
            continue
        near = sorted(known, key=lambda other: distance(plain, other))[0]
        if distance(plain, near) <= TYPO_DISTANCE:
            raise ConfigError(f"There is no setting {name}. Did you mean {near}?")
        log.warning("There is no setting %s; it is ignored.", name)


def read_setting(field_name: str, declaration: Mapping[str, Any], given: Mapping[str, str]) -> Any:
    name = PREFIX + field_name.upper()
    value = given.get(name)
    if name + "_FILE" in given:
        if value is not None:
            raise ConfigError(f"{name} and {name}_FILE are both set. Keep one of them.")
        value = read_value_file(name, Path(given[name + "_FILE"]))
    try:
        return declaration["read"](declaration["default"] if value is None else value)
    except ValueError as error:
        shown = "" if declaration["secret"] else f" {value!r}"
        raise ConfigError(f"{name}{shown}: {error}") from error


def read_value_file(name: str, file: Path) -> str:
    try:
        return file.read_text().strip()
    except OSError as error:
        raise ConfigError(f"{name}_FILE: {file} can't be read: {error.strerror}.") from error
