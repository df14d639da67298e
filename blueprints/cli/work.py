"""Carry runs out, in one process without the others."""

import argparse


def arguments(parser: argparse.ArgumentParser) -> None:
    """There are none."""


def run(options: argparse.Namespace) -> int:
    """Work until told to end."""
    import worker

    return worker.main(["work"])
