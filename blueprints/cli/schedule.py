"""Start what is due and rescue what is stuck, in one process without the others."""

import argparse


def arguments(parser: argparse.ArgumentParser) -> None:
    """There are none."""


def run(options: argparse.Namespace) -> int:
    """Do what is due until told to end."""
    import worker

    return worker.main(["schedule"])
