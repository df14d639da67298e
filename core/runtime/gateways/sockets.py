"""The one place where outgoing connections are opened: resolved once, checked, under a deadline."""

import ipaddress
import queue
import select
import socket
import ssl
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import httpcore

from core.engine.http_messages import HttpFailed
from core.runtime.gateways import addresses
from core.runtime.gateways.addresses import WEB_PORTS, Address, AllowedHosts, Target

CONNECT_SECONDS = 7.0

Resolved = list[Address] | Exception


@dataclass(frozen=True, slots=True)
class Deadline:
    """The moment when a request must be over, and the length it was given, in seconds."""

    ends_at: float
    seconds: float

    @classmethod
    def after(cls, seconds: float) -> "Deadline":
        return cls(time.monotonic() + seconds, seconds)

    def left(self) -> float:
        """Seconds left; raises HttpFailed when there are none."""
        left = self.ends_at - time.monotonic()
        if left <= 0:
            raise timed_out(self)
        return left


def timed_out(deadline: Deadline) -> HttpFailed:
    """The failure of a request that took longer than it was given."""
    return HttpFailed(
        "timeout", f"There was no complete answer within {deadline.seconds:g} s", retryable=True
    )


def connect(
    host: str,
    port: int,
    *,
    allowed: AllowedHosts,
    deadline: Deadline,
    ports: frozenset[int] = WEB_PORTS,
) -> socket.socket:
    """A connected socket to a host that may be reached; for anything that isn't HTTP."""
    target = find(host, port, allowed=allowed, deadline=deadline, ports=ports)
    return open_socket(target, deadline)


def find(
    host: str,
    port: int,
    *,
    allowed: AllowedHosts,
    deadline: Deadline,
    ports: frozenset[int] = WEB_PORTS,
) -> Target:
    """Resolve the host once and check every address that it has."""
    found = resolve(host, port, deadline)
    return addresses.check(host, port, found, allowed, ports=ports)


def resolve(host: str, port: int, deadline: Deadline) -> list[Address]:
    """All addresses of the host; a resolver that hangs is left behind at the deadline."""
    try:
        return [ipaddress.ip_address(host)]
    except ValueError:
        pass
    answers: queue.SimpleQueue[Resolved] = queue.SimpleQueue()
    asker = threading.Thread(target=_ask, args=(host, port, answers), daemon=True)
    asker.start()
    try:
        answer = answers.get(timeout=min(deadline.left(), CONNECT_SECONDS))
    except queue.Empty:
        raise HttpFailed(
            "timeout", f"The name server gave no address for {host} in time", retryable=True
        ) from None
    if isinstance(answer, Exception):
        raise HttpFailed(
            "connection", f"There is no address for the name {host}", retryable=True
        ) from answer
    return answer


def _ask(host: str, port: int, answers: queue.SimpleQueue[Resolved]) -> None:
    try:
        rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        answers.put([ipaddress.ip_address(row[4][0]) for row in rows])
    except (OSError, ValueError) as error:
        answers.put(error)


def open_socket(target: Target, deadline: Deadline) -> socket.socket:
    """Connect to the first checked address that answers, never to the name."""
    ends_at = time.monotonic() + CONNECT_SECONDS
    failure: OSError | None = None
    for address in target.addresses:
        seconds = min(deadline.left(), ends_at - time.monotonic())
        if seconds <= 0:
            break
        try:
            opened = socket.create_connection((str(address), target.port), seconds)
        except OSError as error:
            failure = error
            continue
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return opened
    raise _no_connection(target, failure)


def _no_connection(target: Target, failure: OSError | None) -> HttpFailed:
    place = f"{target.host}:{target.port}"
    if failure is None or isinstance(failure, TimeoutError):
        return HttpFailed("timeout", f"{place} did not answer in time", retryable=True)
    reason = (failure.strerror or str(failure)).lower()
    return HttpFailed("connection", f"No connection to {place}: {reason}", retryable=True)


class GuardedBackend(httpcore.NetworkBackend):
    """Opens the connections of one thread's pool; `deadline` is that of the request under way."""

    def __init__(self, allowed: AllowedHosts) -> None:
        self.allowed = allowed
        self.deadline = Deadline.after(0)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        target = self.find(host, port)
        return DeadlineStream(open_socket(target, self.deadline), self)

    def find(self, host: str, port: int) -> Target:
        return find(host, port, allowed=self.allowed, deadline=self.deadline)


class UnguardedBackend(GuardedBackend):
    """Opens connections to the operator's own proxy, wherever that stands."""

    def find(self, host: str, port: int) -> Target:
        found = resolve(host, port, self.deadline)
        return Target(host, port, tuple(found), is_opened=True)


class DeadlineStream(httpcore.NetworkStream):
    """A connection whose every read and write ends with the deadline of its backend."""

    def __init__(self, connected: socket.socket, backend: GuardedBackend) -> None:
        self._socket = connected
        self._backend = backend

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self._socket.settimeout(self._backend.deadline.left())
        try:
            return self._socket.recv(max_bytes)
        except TimeoutError:
            raise timed_out(self._backend.deadline) from None
        except OSError as error:
            raise httpcore.ReadError(str(error)) from error

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        rest = memoryview(buffer)
        while rest:
            self._socket.settimeout(self._backend.deadline.left())
            try:
                rest = rest[self._socket.send(rest) :]
            except TimeoutError:
                raise timed_out(self._backend.deadline) from None
            except OSError as error:
                raise httpcore.WriteError(str(error)) from error

    def close(self) -> None:
        self._socket.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        deadline = self._backend.deadline
        self._socket.settimeout(deadline.left())
        try:
            secured = ssl_context.wrap_socket(self._socket, server_hostname=server_hostname)
        except Exception as error:
            self.close()
            raise no_tls(error, server_hostname, deadline) from error
        return DeadlineStream(secured, self._backend)

    def get_extra_info(self, info: str) -> Any:
        match info:
            case "ssl_object":
                return self._socket if isinstance(self._socket, ssl.SSLSocket) else None
            case "is_readable":
                return _is_readable(self._socket)
            case "socket":
                return self._socket
        return None


def no_tls(error: Exception, host: str | None, deadline: Deadline) -> Exception:
    if isinstance(error, ssl.SSLCertVerificationError):
        return HttpFailed(
            "connection",
            f"The certificate of {host} is not trusted: {error.verify_message}. For a certificate "
            "of your own, whoever runs openBuild can name its authority in OPENBUILD_CA_FILE",
        )
    if isinstance(error, TimeoutError):
        return timed_out(deadline)
    if isinstance(error, OSError | ValueError):
        return HttpFailed("connection", f"No secure connection to {host}: {error}", retryable=True)
    return error


def _is_readable(connected: socket.socket) -> bool:
    """Whether an idle connection has something to say, which mostly means that it was closed."""
    if connected.fileno() < 0:
        return True
    watcher = select.poll()
    watcher.register(connected.fileno(), select.POLLIN)
    return bool(watcher.poll(0))
