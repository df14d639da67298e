"""Run all the tests, browser and PostgreSQL ones included.

Words after it go to pytest, such as a file or `-k words`. Chromium and PostgreSQL are installed
where this user may, GitHub's deliveries are fetched once; tests that need what is missing are left
out and named.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from blueprints.cli import Refused, assets
from blueprints.cli._deliveries import Deliveries
from blueprints.cli.supervision import machine
from core import config

ROOT = Path(__file__).resolve().parents[2]
HANDS_ON = True
PROCESSES = "4"  # on two cores, since many tests wait for processes of their own


def arguments(parser: argparse.ArgumentParser) -> None:
    """None of its own: they are pytest's."""


def run(options: argparse.Namespace) -> int:
    """Prepare the machine, then hand over to pytest."""
    assets.ensure()
    parts = (*machine.PARTS, Deliveries())
    left_out = [part for part in parts if not part.is_there() and not part.install()]
    for part in left_out:
        print(f"Left out: {part.tests}, because {part.name} is missing. {part.remedy}")
    if left_out and config.is_unattended():
        raise Refused("On a build machine all tests have to run.")
    words = [word for part in left_out for word in part.without]
    command = [sys.executable, "-m", "pytest", "-n", PROCESSES, "--dist", "worksteal"]
    return subprocess.run([*command, *words, *options.rest], cwd=ROOT).returncode
