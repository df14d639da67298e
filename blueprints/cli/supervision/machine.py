"""What the tests need beside Python packages, and how a Debian machine gets it."""

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

POSTGRES = Path("/usr/lib/postgresql")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@dataclass(frozen=True, slots=True)
class Part:
    """A program that some tests need."""

    name: str
    package: str
    tests: str
    without: tuple[str, ...]
    find: Callable[[], str | None]

    @property
    def remedy(self) -> str:
        """What to do when it is missing."""
        return f"On Debian: sudo apt install {self.package}"

    def is_there(self) -> bool:
        """Whether it is installed."""
        return self.find() is not None

    def install(self) -> bool:
        """Install it, if this user may; whether it is there now."""
        apt = shutil.which("apt-get")
        if apt is None or os.getuid() != 0:
            return False
        print(f"Installing {self.name} …", flush=True)
        options = ["-qq", "-y", "--no-install-recommends"]
        for words in (["update", "-qq"], ["install", *options, self.package]):
            subprocess.run(
                ["env", "DEBIAN_FRONTEND=noninteractive", apt, *words],
                stdout=subprocess.DEVNULL,
                check=False,
            )
        return self.is_there()


def chromium() -> str | None:
    """The browser's program."""
    return next((found for name in BROWSERS if (found := shutil.which(name))), None)


def postgresql(program: str = "initdb") -> str | None:
    """A program of the newest PostgreSQL here."""
    folders = sorted(POSTGRES.glob("*/bin"), key=lambda path: int(path.parts[-2]))
    found = [str(folder / program) for folder in folders if (folder / program).exists()]
    return found[-1] if found else shutil.which(program)


PARTS = (
    Part("Chromium", "chromium", "browser tests", ("--ignore=tests/browser",), chromium),
    Part("PostgreSQL", "postgresql", "PostgreSQL tests", ("-m", "not postgresql"), postgresql),
)
