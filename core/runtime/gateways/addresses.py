"""Which network addresses workflows may reach: public ones, and what the operator opened."""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from core.engine.http_messages import HttpFailed

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# Everything IANA lists as not plain public unicast, written out because the standard library's
# flags let several of these through (64:ff9b::/96, 6to4, multicast, 192.88.99.0/24 …).
CLOSED_V4 = tuple(
    ipaddress.IPv4Network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",  # the host of every machine in Azure, though its address is public
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
# Inside 2000::/3, the only block of IPv6 handed out as public unicast, these are special.
PUBLIC_V6 = ipaddress.IPv6Network("2000::/3")
CLOSED_V6 = tuple(
    ipaddress.IPv6Network(text)
    for text in (
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",
        "2620:4f:8000::/48",
        "3fff::/20",
    )
)
WEB_PORTS = frozenset({80, 443})
MAIL_PORTS = frozenset({25, 465, 587})
FIRST_FREE_PORT = 1024


@dataclass(frozen=True, slots=True)
class AllowedHosts:
    """The entries of OPENBUILD_ALLOWED_HOSTS_OUT: names and networks, each with a port or any."""

    names: frozenset[tuple[str, int | None]] = frozenset()
    networks: tuple[tuple[Network, int | None], ...] = ()

    @classmethod
    def parse(cls, entries: str | Iterable[str]) -> Self:
        """Read `host[:port]` and CIDR entries; raises ValueError that quotes the bad one."""
        texts = entries.split(",") if isinstance(entries, str) else entries
        names: set[tuple[str, int | None]] = set()
        networks: list[tuple[Network, int | None]] = []
        for text in filter(None, (text.strip() for text in texts)):
            host, port = _split_port(text)
            network = _network(host)
            if network is not None:
                networks.append((network, port))
            elif _is_name(host):
                names.add((host.lower().rstrip("."), port))
            else:
                raise ValueError(
                    f"“{text}” is neither host, host:port nor a network like 10.0.0.0/8"
                )
        return cls(frozenset(names), tuple(networks))

    def opens_name(self, host: str, port: int) -> bool:
        """Whether the operator opened this name, wherever it points."""
        name = host.lower().rstrip(".")
        return (name, None) in self.names or (name, port) in self.names

    def opens_address(self, address: Address, port: int) -> bool:
        """Whether the operator opened a network that holds this address."""
        return any(
            address.version == network.version and address in network and opened in (None, port)
            for network, opened in self.networks
        )


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request may go: the host as written, and the checked addresses to connect to."""

    host: str
    port: int
    addresses: tuple[Address, ...]
    is_opened: bool  # by the operator, so it lies inside the own network


def check(
    host: str,
    port: int,
    found: Iterable[Address],
    allowed: AllowedHosts,
    *,
    ports: frozenset[int] = WEB_PORTS,
) -> Target:
    """The target, if every address of the host may be reached; else HttpFailed."""
    addresses = tuple(_plain(address) for address in found)
    if allowed.opens_name(host, port):
        return Target(host, port, addresses, is_opened=True)
    opened = [address for address in addresses if allowed.opens_address(address, port)]
    for address in addresses:
        if address not in opened and not is_public(address):
            raise blocked(host, port, address)
    if not opened:
        check_port(host, port, ports)
    return Target(host, port, addresses, is_opened=bool(opened))


def check_port(host: str, port: int, ports: frozenset[int] = WEB_PORTS) -> None:
    """Refuse the ports of other services, shells and the like: nothing there is meant well."""
    if port in ports or port >= FIRST_FREE_PORT:
        return
    what = "web" if ports is WEB_PORTS else "mail"
    usual = ", ".join(str(usual) for usual in sorted(ports))
    raise HttpFailed(
        "blocked_address",
        f"Port {port} of {host} is closed to workflows: {what} servers answer on {usual} or above "
        f"1023. Whoever runs openBuild can open it: OPENBUILD_ALLOWED_HOSTS_OUT={host}:{port}",
    )


def is_public(address: Address) -> bool:
    """Whether the address is plain public unicast."""
    address = _plain(address)
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in CLOSED_V4)
    return address in PUBLIC_V6 and not any(address in network for network in CLOSED_V6)


def blocked(host: str, port: int, address: Address) -> HttpFailed:
    """The refusal of a host that lies inside the own network."""
    entry = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return HttpFailed(
        "blocked_address",
        f"{address} is inside your own network, so it is closed to workflows. "
        f"Whoever runs openBuild can open it: OPENBUILD_ALLOWED_HOSTS_OUT={entry}",
    )


def _plain(address: Address) -> Address:
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _split_port(text: str) -> tuple[str, int | None]:
    host, colon, port = text.rpartition(":")
    bracketed = text.startswith("[")
    if bracketed and text.endswith("]"):
        return text[1:-1], None
    if not colon or (":" in host and not bracketed):
        return text, None
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise ValueError(f"“{text}”: the port has to be a number from 1 to 65535")
    return host.removeprefix("[").removesuffix("]"), int(port)


def _network(text: str) -> Network | None:
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        return None


def _is_name(text: str) -> bool:
    return bool(text) and all(mark.isalnum() or mark in "-._" for mark in text)
