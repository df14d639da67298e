"""Hear the signals to end in a thread: a handler may interrupt whoever holds the lock it needs."""

import signal
import socket
import threading
from collections.abc import Callable

TO_END = frozenset({signal.SIGTERM, signal.SIGINT})


def on_end(act: Callable[[], None]) -> None:
    """Call `act` once, in a thread of its own, when the process is told to end."""
    told, signals = socket.socketpair()
    signals.setblocking(False)
    signal.set_wakeup_fd(signals.detach(), warn_on_full_buffer=False)
    threading.Thread(target=_hear, args=(told, act), name="end", daemon=True).start()


def _hear(told: socket.socket, act: Callable[[], None]) -> None:
    while not TO_END.intersection(told.recv(16)):
        pass
    act()
