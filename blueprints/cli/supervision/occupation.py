"""One `up` for each data folder: who holds the lock, and where it answers."""

import fcntl
import json
import os
import time
from pathlib import Path
from typing import IO

from blueprints.cli import Refused

LEAVING_SECONDS = 40.0
POLL_SECONDS = 0.1


class Occupation:
    """The data folder is ours until this process and all its children have ended."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.file: IO[str] = (home / "up.lock").open("a+")
        # Children keep the lock too: while one of them lives, its files are in use.
        os.set_inheritable(self.file.fileno(), True)

    def take(self) -> None:
        """Take the lock, after waiting for the children of an `up` that was killed."""
        deadline = time.monotonic() + LEAVING_SECONDS
        while not self.try_to_take():
            holder = self.holder()
            if is_alive(holder.get("pid", 0)):
                raise Refused(
                    f"openBuild already runs in {self.home}: {holder['url']} "
                    f"(process {holder['pid']}). Stop it first, or name another folder with "
                    "OPENBUILD_HOME."
                )
            if time.monotonic() > deadline:
                raise Refused(f"Processes of an earlier openBuild still use {self.home}.")
            time.sleep(POLL_SECONDS)

    def leave(self) -> None:
        """Let others have it."""
        self.file.close()

    def try_to_take(self) -> bool:
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def holder(self) -> dict[str, str | int]:
        """Who took the lock last."""
        self.file.seek(0)
        try:
            found: dict[str, str | int] = json.loads(self.file.read())
        except ValueError:
            return {}
        return found

    def sign(self, url: str) -> None:
        """Say who we are and where we answer; commands read the address too."""
        self.file.seek(0)
        self.file.truncate()
        json.dump({"pid": os.getpid(), "url": url}, self.file)
        self.file.flush()
        (self.home / "address").write_text(url)


def is_alive(pid: int | str) -> bool:
    """Whether such a process exists."""
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return int(pid) > 0
