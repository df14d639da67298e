"""Print the version."""

import argparse

from core.release import version


def arguments(parser: argparse.ArgumentParser) -> None:
    """There are none."""


def run(options: argparse.Namespace) -> None:
    """Print it alone."""
    print(version())
