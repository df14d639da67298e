"""Proxies in front of us: whose word about the caller's address counts, and whose doesn't."""

from collections.abc import Callable, Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from core import config
from core.config_values import ConfigError

Network = IPv4Network | IPv6Network


def install(app: Flask) -> None:
    """Believe X-Forwarded-* from the proxies that the settings name, and from nobody else."""
    networks = read(config.current().trusted_proxies)
    if networks:
        # The type checker holds assigning to a method for a mistake; Flask documents it.
        app.wsgi_app = TrustedProxies(app.wsgi_app, networks)  # type: ignore[method-assign]


def read(addresses: Iterable[str]) -> tuple[Network, ...]:
    """The networks of an address list."""
    try:
        return tuple(ip_network(address, strict=False) for address in addresses)
    except ValueError as error:
        raise ConfigError(f"OPENBUILD_TRUSTED_PROXIES: {error}.") from error


class TrustedProxies:
    """Takes the last proxy's word when it is one of ours."""

    def __init__(self, app: Callable[..., Any], networks: tuple[Network, ...]) -> None:
        self.direct = app
        self.proxied = ProxyFix(app, x_for=1, x_proto=1, x_host=1)
        self.networks = networks

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        """Hand the request on, with or without the proxy's word."""
        if self.is_trusted(environ.get("REMOTE_ADDR", "")):
            return self.proxied(environ, start_response)
        return self.direct(environ, start_response)

    def is_trusted(self, address: str) -> bool:
        """Whether a caller's address is one of the proxies'."""
        try:
            caller = ip_address(address)
        except ValueError:
            return False
        mapped = getattr(caller, "ipv4_mapped", None) or caller
        return any(mapped in network for network in self.networks)
