"""Read web addresses with one parser: what is checked is what is connected to."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import httpx

from core.engine.http_messages import HttpFailed

DEFAULT_PORTS = {"http": 80, "https": 443}
LONGEST_URL = 16_000
UNSAFE = re.compile(r"[\x00-\x20\x7f\\]")


def parse(text: str, query: Mapping[str, Any] | None = None) -> httpx.URL:
    """The web address, with more query parameters; raises HttpFailed in the author's words."""
    text = text.strip()
    if UNSAFE.search(text):
        raise refused(text, "it holds a space, a backslash or a control character")
    if len(text) > LONGEST_URL:
        raise refused(text, f"it is longer than {LONGEST_URL:,} characters")
    try:
        url = httpx.URL(text)
        host = url.raw_host.decode("ascii")
    except (httpx.InvalidURL, UnicodeError, ValueError) as error:
        raise refused(text, f"it can't be read ({error})") from error
    check(url, text, host)
    return with_query(url, query or {})


def check(url: httpx.URL, text: str, host: str) -> None:
    if url.scheme not in DEFAULT_PORTS:
        raise refused(text, "it has to start with http:// or https://")
    if url.userinfo:
        raise refused(text, "a name or password doesn't belong into it; use a connection")
    if not host or "%" in host:
        raise refused(text, "it names no host")
    if not 0 < port_of(url) < 65536:
        raise refused(text, "its port is out of range")


def port_of(url: httpx.URL) -> int:
    """The port, also where it is left out."""
    return DEFAULT_PORTS[url.scheme] if url.port is None else url.port


def host_of(url: httpx.URL) -> str:
    """The host as it is resolved and shown to the server: lower case, ASCII, no brackets."""
    return url.raw_host.decode("ascii")


def origin_of(url: httpx.URL) -> tuple[str, str, int]:
    """Scheme, host and port: where a secret may stay when a request is led on."""
    return url.scheme, host_of(url), port_of(url)


def with_query(url: httpx.URL, query: Mapping[str, Any]) -> httpx.URL:
    """The address with parameters added behind those that it has."""
    added = urlencode(list(pairs(query)))
    if not added:
        return url
    joined = b"&".join(part for part in (url.query, added.encode("ascii")) if part)
    return url.copy_with(query=joined)


def pairs(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Name and text of each value: null is left out, a list repeats the name."""
    for name, value in values.items():
        for single in value if isinstance(value, list | tuple) else (value,):
            if single is not None:
                yield str(name), as_text(single)


def as_text(value: Any) -> str:
    """A JSON value as it stands in a form or query."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def redirected(url: httpx.URL, location: str) -> httpx.URL:
    """Where a redirect leads to."""
    try:
        target = str(url.join(location))
    except (httpx.InvalidURL, UnicodeError, ValueError) as error:
        raise refused(location, f"it can't be read ({error})") from error
    try:
        return parse(target)
    except HttpFailed as failure:
        raise HttpFailed("http", f"{host_of(url)} redirects. {failure.message}") from failure


def refused(text: str, reason: str) -> HttpFailed:
    # Without its query: that may hold a key.
    shown = UNSAFE.sub(" ", text.partition("?")[0])[:80]
    return HttpFailed("http", f"“{shown}” is not a web address to call: {reason}")
