"""How the text of a setting becomes a value."""

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
SIZES = {"": 1, "B": 1, "KB": 1024, "MB": 1024**2, "GB": 1024**3}
DURATION = re.compile(r"(\d+)\s*(ms|s|m|h|d)")
SIZE = re.compile(r"(\d+)\s*([KMG]?B?)", re.IGNORECASE)
ENCRYPTION_KEY_BYTES = 32


class ConfigError(Exception):
    """A setting that cannot be used; the message says which, why and what to do."""


def text(value: str) -> str:
    """Text without the blanks around it."""
    return value.strip()


def folder(value: str) -> Path:
    """A folder's absolute path."""
    if not value.strip():
        raise ValueError("a folder's path is needed.")
    return Path(value.strip()).expanduser().resolve()


def web_address(value: str) -> str:
    """The start of a web address, without a slash at its end; or nothing."""
    value = value.strip().rstrip("/")
    if value and not re.fullmatch(r"https?://[^\s/?#]+", value):
        raise ValueError("write an address such as https://flows.example.com, without a path.")
    return value


def database_address(value: str) -> str:
    """A database's address, with the driver that is installed; or nothing."""
    value = value.strip()
    scheme, separator, rest = value.partition("://")
    if scheme in ("postgresql", "postgres", "postgresql+psycopg"):
        return f"postgresql+psycopg{separator}{rest}"
    if value and scheme != "sqlite":
        raise ValueError("write an address such as postgresql://user:password@host/name.")
    return value


def queue_address(value: str) -> str:
    """The address of a Redis or Valkey; or nothing."""
    value = value.strip()
    if value and not re.fullmatch(r"(rediss?://[^\s/]|unix://.)\S*", value):
        raise ValueError("write an address such as redis://host:6379/0, or unix:///path.")
    return value


def proxy_address(value: str) -> str:
    """The address of a proxy for requests; or nothing."""
    value = value.strip()
    if value and not re.fullmatch(r"https?://[^\s/?#]+/?", value):
        raise ValueError("write an address such as http://proxy.lan:3128.")
    return value


def proxy_networks(value: str) -> tuple[str, ...]:
    """Addresses or networks between commas."""
    entries = listing(value)
    for entry in entries:
        try:
            ip_network(entry, strict=False)
        except ValueError as error:
            raise ValueError(
                f"“{entry}” is neither an address nor a network like 10.0.0.0/8."
            ) from error
    return entries


def open_hosts(value: str) -> tuple[str, ...]:
    """Hosts or networks between commas, each with a port or without."""
    entries = listing(value)
    for entry in entries:
        if not re.fullmatch(r"[^\s/@?#]+(/\d{1,3})?(:\d{1,5})?", entry):
            raise ValueError(f"“{entry}” is neither host, host:port nor a network like 10.0.0.0/8.")
    return entries


def certificates(value: str) -> str:
    """The path of a file that holds certificates; or nothing."""
    value = value.strip()
    if value:
        from cryptography import x509  # costs each start of a command, and few have such a file

        try:
            x509.load_pem_x509_certificates(Path(value).read_bytes())
        except ValueError as error:
            raise ValueError("this file holds no certificates.") from error
        except OSError as error:
            raise ValueError(f"it can't be read: {error.strerror}.") from error
    return value


def listing(value: str) -> tuple[str, ...]:
    """Entries between commas."""
    return tuple(entry.strip() for entry in value.split(",") if entry.strip())


def choice(choices: tuple[str, ...], value: str) -> str:
    """One of a few words."""
    if value not in choices:
        raise ValueError(f"choose one of {', '.join(choices)}.")
    return value


def duration(value: str) -> timedelta:
    """A length of time such as 30d, 12h or 500ms."""
    match = DURATION.fullmatch(value.strip())
    if not match:
        raise ValueError("write a length of time such as 30d, 12h or 15m.")
    return timedelta(seconds=int(match[1]) * UNITS[match[2]])


def size(value: str) -> int:
    """A number of bytes such as 10MB."""
    match = SIZE.fullmatch(value.strip())
    unit = match[2].upper() if match else ""
    unit = unit if unit in SIZES else unit + "B"
    if not match:
        raise ValueError("write a size such as 10MB.")
    return int(match[1]) * SIZES[unit]


def count(value: str) -> int:
    """A whole number that is not negative."""
    if not re.fullmatch(r"\d{1,6}", value.strip()):
        raise ValueError("write a whole number such as 7.")
    return int(value)


def encryption_keys(value: str) -> tuple[str, ...]:
    """Keys between commas, each 32 bytes in URL-safe base64."""
    keys = listing(value)
    for key in keys:
        try:
            length = len(base64.urlsafe_b64decode(key))
        except (binascii.Error, ValueError) as error:
            raise ValueError("a key is not URL-safe base64.") from error
        if length != ENCRYPTION_KEY_BYTES:
            raise ValueError(f"a key has {length} bytes instead of {ENCRYPTION_KEY_BYTES}.")
    return keys


def parse_env_file(content: str, file: Path) -> Mapping[str, str]:
    """The NAME=value lines of a .env file; quotes around a value are dropped."""
    values = {}
    for number, line in enumerate(content.splitlines(), start=1):
        line = line.strip().removeprefix("export ")
        if not line or line.startswith("#"):
            continue
        name, equals, value = line.partition("=")
        if not equals:
            raise ConfigError(f"{file}, line {number}: write NAME=value.")
        value = value.strip()
        if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
            value = value[1:-1]
        values[name.strip()] = value
    return values


def distance(left: str, right: str) -> int:
    """How many letters must change to make one word the other."""
    previous = list(range(len(right) + 1))
    for row, letter in enumerate(left, start=1):
        line = [row]
        for column, other in enumerate(right, start=1):
            replaced = previous[column - 1] + (letter != other)
            line.append(min(previous[column] + 1, line[-1] + 1, replaced))
        previous = line
    return previous[-1]
