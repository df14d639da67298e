"""Check format, lint, types and import contracts, then run the tests."""

import argparse
import subprocess
import sys
from pathlib import Path

from blueprints.cli import Refused, test

ROOT = Path(__file__).resolve().parents[2]
HANDS_ON = True
CHECKS = {
    "format": ("ruff", "format", "--check", "."),
    "lint": ("ruff", "check", "."),
    "types": ("mypy",),
    "import contracts": ("lint-imports",),
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """None of its own: they are pytest's."""


def run(options: argparse.Namespace) -> int:
    """Every check to its end, so that all complaints are seen at once."""
    programs = Path(sys.executable).parent
    failed = []
    for name, (program, *words) in CHECKS.items():
        print(f"== {name}", flush=True)
        if subprocess.run([programs / program, *words], cwd=ROOT).returncode:
            failed.append(name)
    if failed:
        raise Refused(f"Not in order: {', '.join(failed)}.")
    return test.run(options)
