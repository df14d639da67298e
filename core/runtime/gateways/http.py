"""The one way out over HTTP: guarded, bounded, and without a memory of earlier requests."""

import logging
import os
import ssl
import threading
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, cast

import httpcore
import httpx

from core.engine.http_messages import HttpFailed, OutgoingAnswer, OutgoingRequest
from core.runtime.gateways import answers, bodies, sockets, urls
from core.runtime.gateways.addresses import AllowedHosts
from core.runtime.gateways.sockets import Deadline, GuardedBackend, UnguardedBackend

MOST_REDIRECTS = 5
REDIRECTS = frozenset({301, 302, 303, 307, 308})
KEPT_CONNECTIONS = 10  # per thread
KEPT_SECONDS = 5.0
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
NEVER_LED_ON = frozenset({"authorization", "cookie"})
ABOUT_THE_BODY = frozenset({"content-type", "content-encoding", "content-language"})
DEFAULT_HEADERS = {
    "user-agent": "openBuild",
    "accept": "*/*",
    "accept-encoding": "gzip, deflate",
}

# Their debug lines would hold the headers of answers.
logging.getLogger("httpcore").setLevel(logging.WARNING)
_thread = threading.local()


@dataclass(frozen=True, slots=True)
class WayOut:
    """How requests leave this machine: through a proxy or not, and whom they trust."""

    proxy: str = ""
    ca_file: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """A request as it goes over the wire."""

    method: str
    url: httpx.URL
    headers: dict[str, str] = field(repr=False)
    content: bytes = field(repr=False)


def send(
    request: OutgoingRequest, *, allowed: AllowedHosts, way_out: WayOut | None = None
) -> OutgoingAnswer:
    """Send the request and give the answer, whatever its status; else raise HttpFailed."""
    message = _message(request)
    client = _client(allowed, way_out or WayOut())
    client.begin(Deadline.after(request.timeout))
    for _ in range(MOST_REDIRECTS + 1):
        answer = client.exchange(message, request.max_bytes)
        location = answer.headers.get("location")
        if not (request.follow_redirects and answer.status in REDIRECTS and location):
            return answer
        message = _led_on(message, answer.status, location, request.private_headers)
    raise HttpFailed("http", f"More than {MOST_REDIRECTS} redirects, one after the other")


def _message(request: OutgoingRequest) -> Message:
    method = request.method.upper()
    if method not in METHODS:
        raise HttpFailed("http", f"There is no method “{request.method[:20]}”")
    url = urls.parse(request.url, request.query)
    content, content_type = bodies.encode(request.body, request.body_type)
    headers = DEFAULT_HEADERS | ({"content-type": content_type} if content_type else {})
    return Message(method, url, headers | bodies.headers(request.headers), content)


def _led_on(message: Message, status: int, location: str, private: frozenset[str]) -> Message:
    """The next request after a redirect; secrets stay with the origin they were meant for."""
    url = urls.redirected(message.url, location)
    method, content, headers = message.method, message.content, message.headers
    if (status == 303 and method != "HEAD") or (status in (301, 302) and method == "POST"):
        method, content = "GET", b""
        headers = _without(headers, ABOUT_THE_BODY)
    if urls.origin_of(url) != urls.origin_of(message.url):
        headers = _without(headers, NEVER_LED_ON | private)
    return replace(message, method=method, url=url, headers=headers, content=content)


def _without(headers: dict[str, str], names: frozenset[str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name not in names}


def _client(allowed: AllowedHosts, way_out: WayOut) -> "Client":
    """This thread's own client: connections are reused, and never shared over a fork."""
    key = (os.getpid(), allowed, way_out)
    if getattr(_thread, "key", None) != key:
        _thread.client = Client(allowed, way_out)
        _thread.key = key
    return cast(Client, _thread.client)


def trust(ca_file: str) -> ssl.SSLContext:
    """Whose certificates count: the usual authorities, and the operator's own."""
    context = httpx.create_ssl_context(trust_env=False)
    if ca_file:
        try:
            context.load_verify_locations(ca_file)
        except OSError as error:  # of which a file that holds no certificates is one, too
            raise HttpFailed(
                "connection",
                f"The certificates of OPENBUILD_CA_FILE={ca_file} can't be read: {error}",
            ) from error
    return context


_trust = cache(trust)


def prepare(ca_file: str) -> None:
    """Read whose certificates count, for all processes that are forked from now on."""
    with suppress(HttpFailed):  # said again to whoever sends something
        _trust(ca_file)


class Client:
    """The open connections of one thread, straight and through the operator's proxy."""

    def __init__(self, allowed: AllowedHosts, way_out: WayOut) -> None:
        self.pools: list[httpcore.ConnectionPool] = []
        trusted = _trust(way_out.ca_file)
        self.backend = GuardedBackend(allowed)
        self.straight = httpcore.ConnectionPool(
            ssl_context=trusted,
            network_backend=self.backend,
            max_connections=KEPT_CONNECTIONS,
            keepalive_expiry=KEPT_SECONDS,
        )
        self.to_proxy = UnguardedBackend(allowed)
        self.proxied = _proxy_pool(way_out.proxy, trusted, self.to_proxy) if way_out.proxy else None
        self.pools += filter(None, (self.straight, self.proxied))

    def __del__(self) -> None:
        # A thread's client ends with the thread, without anybody closing it.
        for pool in self.pools:
            pool.close()

    def begin(self, deadline: Deadline) -> None:
        """From now on everything belongs to a new request."""
        self.backend.deadline = self.to_proxy.deadline = deadline

    def exchange(self, message: Message, max_bytes: int) -> OutgoingAnswer:
        """Send one message and read its answer to the end."""
        host = urls.host_of(message.url)
        try:
            response = self._pool_for(message.url).handle_request(_wire(message))
            try:
                return _answer(response, message, max_bytes)
            finally:
                response.close()
        except httpcore.LocalProtocolError as error:
            raise HttpFailed("http", f"The request can't be sent like this: {error}") from error
        except httpcore.TimeoutException as error:
            raise sockets.timed_out(self.backend.deadline) from error
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.ProxyError) as error:
            raise HttpFailed(
                "connection", f"{host} broke off the conversation: {error}", retryable=True
            ) from error

    def _pool_for(self, url: httpx.URL) -> httpcore.ConnectionPool:
        """The proxy serves public hosts; what the operator opened lies inside, straight ahead."""
        if self.proxied is None:
            return self.straight
        try:
            target = self.backend.find(urls.host_of(url), urls.port_of(url))
        except HttpFailed as failure:
            if failure.kind == "blocked_address":
                raise
            return self.proxied  # behind a proxy, names are often known to the proxy alone
        return self.straight if target.is_opened else self.proxied


def _proxy_pool(
    proxy: str, trust: ssl.SSLContext, backend: UnguardedBackend
) -> httpcore.ConnectionPool:
    url = _proxy_url(proxy)
    login = (url.username.encode(), url.password.encode()) if url.username else None
    return httpcore.HTTPProxy(
        proxy_url=httpcore.URL(
            scheme=url.raw_scheme, host=url.raw_host, port=urls.port_of(url), target=b"/"
        ),
        proxy_auth=login,
        ssl_context=trust,
        proxy_ssl_context=trust if url.scheme == "https" else None,
        network_backend=backend,
        max_connections=KEPT_CONNECTIONS,
        keepalive_expiry=KEPT_SECONDS,
    )


def _proxy_url(proxy: str) -> httpx.URL:
    try:
        url = httpx.URL(proxy)
    except httpx.InvalidURL:
        url = httpx.URL()
    if url.scheme not in urls.DEFAULT_PORTS or not url.host:
        # Without the value: it may hold a password.
        raise HttpFailed(
            "connection", "OPENBUILD_PROXY_OUT is no address such as http://proxy.lan:3128"
        )
    return url


def _wire(message: Message) -> httpcore.Request:
    url = message.url
    headers = [("host", url.netloc.decode("ascii")), *message.headers.items()]
    if message.content or message.method in {"POST", "PUT", "PATCH"}:
        headers.append(("content-length", str(len(message.content))))
    return httpcore.Request(
        message.method,
        httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
        headers=[(name.encode(), value.encode()) for name, value in headers],
        content=message.content,
    )


def _answer(response: httpcore.Response, message: Message, max_bytes: int) -> OutgoingAnswer:
    headers = answers.headers_of(response.headers)
    chunks = cast(Iterable[bytes], response.stream)
    raw = answers.read(chunks, headers.get("content-encoding", ""), max_bytes)
    body: Any = None
    note = None
    if message.method != "HEAD":
        body, note = answers.value_of(raw, headers.get("content-type", ""))
    return OutgoingAnswer(
        status=response.status,
        headers=headers,
        body=body,
        url=str(message.url),
        note=note,
        retry_after=answers.retry_after(headers),
    )
