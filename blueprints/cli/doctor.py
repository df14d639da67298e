"""Look at this installation and say what is well and what is not."""

import argparse
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.config import Settings

LEAST_FREE = 0.05
OWNER_ONLY = 0o077


def arguments(parser: argparse.ArgumentParser) -> None:
    """There are none."""


def run(options: argparse.Namespace) -> int:
    """A line for each thing looked at; 1 when something needs doing."""
    problems = 0
    for name, problem in findings():
        problems += bool(problem)
        print(f"{'!' if problem else ' '} {name:<18}{problem or 'ok'}")
    return 1 if problems else 0


def findings() -> Iterator[tuple[str, str]]:
    """What was looked at, and what is wrong with it."""
    from core import config
    from core.release import version

    settings = config.current()
    print(f"openBuild {version()}, Python {sys.version.split()[0]}, data in {settings.home}")
    yield "free disk", disk(settings.home)
    yield "keys", keys(settings.home)
    yield (
        "durability",
        "" if settings.durability == "full" else "a power cut can lose accepted calls",
    )
    yield "address", address(settings)
    yield "front-end files", front_end()
    yield from parts()


def disk(home: Path) -> str:
    """Whether there is room left."""
    usage = shutil.disk_usage(home)
    left = usage.free / usage.total
    return "" if left > LEAST_FREE else f"only {left:.0%} of the disk is free: new calls get 503"


def keys(home: Path) -> str:
    """Whether nobody else can read them."""
    file = home / "keys"
    return f"others can read {file}: chmod 600" if file.stat().st_mode & OWNER_ONLY else ""


def address(settings: "Settings") -> str:
    """Whether links lead to where people are."""
    from urllib.parse import urlsplit

    from core.config import LOOPBACK

    is_local = urlsplit(settings.base_url).hostname in LOOPBACK
    if is_local and settings.trusted_proxies:
        return f"there is a proxy, but links lead to {settings.base_url}: set OPENBUILD_BASE_URL"
    return ""


def front_end() -> str:
    """Whether pages have their scripts and fonts."""
    from blueprints import assets

    return "" if assets.vendor_folder().exists() else "missing: ./openbuild assets"


def parts() -> Iterator[tuple[str, str]]:
    """Database, queue, workers and scheduler, as the ready check sees them."""
    from blueprints.cli._database import database
    from core.runtime import readiness

    with database():
        for name, answer in readiness.check().items():
            yield name, "" if answer == "ok" else answer
