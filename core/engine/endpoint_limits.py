"""What an endpoint's limits look like in a file: rates, sizes, networks, origins, redirects."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any, Final
from urllib.parse import urlsplit

UNITS: Final = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
SIZES: Final = {"B": 1, "KB": 1024, "MB": 1024**2, "GB": 1024**3}
RATE = re.compile(r"([1-9][0-9]{0,8})\s*/\s*(second|minute|hour|day)")
SIZE = re.compile(r"([1-9][0-9]{0,8})\s*([KMG]?B)", re.IGNORECASE)

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Rate:
    """So many calls in a window of so many seconds."""

    count: int
    seconds: int


def read_rate(given: Any) -> Rate:
    """A rate such as 120/minute; raises ValueError."""
    match = RATE.fullmatch(given) if isinstance(given, str) else None
    if match is None:
        raise ValueError("must be a rate such as 10/second, 120/minute, 1000/hour or 5000/day")
    return Rate(int(match[1]), UNITS[match[2]])


def read_size(given: Any) -> int:
    """Bytes of a size such as 10MB; raises ValueError."""
    match = SIZE.fullmatch(given) if isinstance(given, str) else None
    if match is None:
        raise ValueError("must be a size such as 500KB or 10MB")
    return int(match[1]) * SIZES[match[2].upper()]


def read_network(given: Any) -> Network:
    """A network such as 203.0.113.0/24, or one address; raises ValueError."""
    try:
        return ip_network(given if isinstance(given, str) else "")
    except ValueError as error:
        raise ValueError("must be an address or a network such as 203.0.113.0/24") from error


def is_in(address: str, networks: list[Network]) -> bool:
    """Whether an address lies in one of the networks; what is no address lies in none."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return any((mapped or found) in network for network in networks)


def read_origin(given: Any) -> str:
    """An origin as browsers send it, such as https://shop.example.com; raises ValueError."""
    expected = "must be an origin such as https://shop.example.com, without a path"
    try:
        parts = urlsplit(given if isinstance(given, str) else "")
        has_port = parts.port is None or parts.port > 0
    except ValueError as error:
        raise ValueError(expected) from error
    is_plain = given == f"{parts.scheme}://{parts.netloc}" and "@" not in parts.netloc
    if parts.scheme not in ("http", "https") or not parts.hostname or not is_plain or not has_port:
        raise ValueError(expected)
    if given != given.lower() or "*" in given:
        raise ValueError(f"{expected}, in small letters and without a star")
    return str(given)


def read_page(given: Any) -> str:
    """A page to send a browser to; raises ValueError."""
    expected = "must be an address that begins with http:// or https://"
    if not isinstance(given, str) or not given.isascii() or not given.isprintable():
        raise ValueError(expected)
    try:
        parts = urlsplit(given)
    except ValueError as error:
        raise ValueError(expected) from error
    if parts.scheme not in ("http", "https") or not parts.hostname or " " in given:
        raise ValueError(expected)
    return given
