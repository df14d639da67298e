"""Commands as people type them, each in a process of its own that has everything loaded already.

From nothing a command takes a second of computing, and tests give hundreds.
"""

import os
import subprocess
import sys
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

EVERYTHING = "tests.every_command"


def run(words, environment, given, seconds):
    """What a command said and how it ended; raises subprocess.TimeoutExpired."""
    with TemporaryDirectory(prefix="openbuild-command-") as folder:
        files = [Path(folder) / name for name in ("in", "out", "err")]
        for file, text in zip(files, (given, "", ""), strict=True):
            file.write_text(text)
        process = starter().Process(target=become, args=(words, environment, files), daemon=True)
        process.start()
        process.join(seconds)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(words, seconds)
        said = [file.read_text() for file in files[1:]]
        return subprocess.CompletedProcess(words, process.exitcode, *said)


@cache
def starter():
    """A process without threads, whose forks become commands."""
    context = get_context("forkserver")
    context.set_forkserver_preload([EVERYTHING])
    return context


def become(words, environment, files):
    """Be the command from here on: its words, its environment, its three files."""
    for number, file in enumerate(files):
        os.dup2(os.open(file, os.O_RDWR), number)
    sys.stdin = os.fdopen(0, closefd=False)  # multiprocessing has given it another one
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["openbuild", *words]
    from blueprints.cli import main

    try:
        code = main(list(words))
    except SystemExit as end:  # argparse, after its own word
        code = end.code
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code or 0)
