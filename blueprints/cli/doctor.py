"""Look at this installation and say what is well and what is not.

It changes nothing, and reads the whole database once.
"""

import argparse
import sys


def arguments(parser: argparse.ArgumentParser) -> None:
    """There are none."""


def run(options: argparse.Namespace) -> int:
    """A line for each thing looked at; 1 when something needs doing."""
    from blueprints import examination
    from blueprints.cli._database import database
    from core import config
    from core.release import version

    settings = config.current()
    print(f"openBuild {version()}, Python {sys.version.split()[0]}, data in {settings.home}")
    problems = 0
    with database(changes_tables=False):
        for name, problem in examination.findings(reads_all=True):
            problems += bool(problem)
            print(f"{'!' if problem else ' '} {name:<18}{problem or 'ok'}")
    return 1 if problems else 0
