"""The web server: Granian's worker, without the process that usually watches it.

Our supervisor watches, and holds the listening socket: while a web process is replaced, callers
wait instead of being refused. Granian is pinned, since this reaches below its public surface.
"""

import gc
import logging
import os
import socket
import time
from collections.abc import Callable
from typing import Any

from granian._granian import SocketHolder
from granian.constants import HTTPModes, Interfaces, RuntimeModes
from granian.server.mp import MPServer

from blueprints.cli import Refused
from blueprints.cli.supervision import signals

BLOCKING_THREADS = 128
REQUESTS_AT_ONCE = 1024
BACKLOG = 1024
DRAIN_SECONDS = 30.0
log = logging.getLogger("openbuild.web")


def listen(host: str, port: int) -> socket.socket:
    """A listening socket, or in one sentence why there is none."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Connections inherit it: the end of an answer must not wait until its beginning was confirmed.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise Refused(explain(host, port, error)) from error
    listener.setblocking(False)
    return listener


def explain(host: str, port: int, error: OSError) -> str:
    if isinstance(error, PermissionError):
        return f"Port {port} is reserved for the system. Choose one above 1023 with --port."
    if error.errno is not None and "in use" in (error.strerror or ""):
        return (
            f"Port {port} is in use by another program. "
            f"Choose another one with --port, such as --port {free_port(host)}"
        )
    return f"openBuild can't listen at {host}, port {port}: {error.strerror or error}."


def free_port(host: str) -> int:
    """Some port that nobody uses at this moment."""
    with socket.create_server((host, 0)) as found:
        number: int = found.getsockname()[1]
        return number


class Server(MPServer):
    """Granian's server in the calling process."""

    def __init__(self) -> None:
        super().__init__(
            "app:app",
            interface=Interfaces.WSGI,
            http=HTTPModes.http1,
            blocking_threads=BLOCKING_THREADS,
            backpressure=REQUESTS_AT_ONCE,
            websockets=False,
            log_enabled=False,
        )
        self.runtime_mode = RuntimeModes.mt

    def serve_here(self, listener: socket.socket, app: Callable[..., Any]) -> None:
        """Answer until SIGTERM or SIGINT, then finish the requests at hand."""
        signals.on_end(end_in_time)
        self._ssp, self._shd, self._sso = (
            None,
            SocketHolder(listener.fileno(), False, BACKLOG),
            None,
        )
        worker = self._spawn_worker(0, self._spawn_wsgi_worker, lambda: app)
        worker.inner.run()


def end_in_time() -> None:
    """Told to end, wait only so long for requests: one may never come to its end."""
    time.sleep(DRAIN_SECONDS)
    log.warning("a request is still not complete after %s s; ending without it", DRAIN_SECONDS)
    logging.shutdown()
    os._exit(0)


def serve(listener: socket.socket, app: Callable[..., Any]) -> None:
    """Answer requests on the socket in this process."""
    # What is loaded by now stays: looking through it for garbage held up every few hundredth page.
    gc.collect()
    gc.freeze()
    Server().serve_here(listener, app)
