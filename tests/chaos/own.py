"""An openBuild of its own for one experiment, with workflows in it."""

import contextlib
import tempfile
from pathlib import Path

from tests.openbuild import Openbuild
from tests.servers import PostgreSQL


@contextlib.contextmanager
def own_openbuild(database="sqlite"):
    """On a data folder and a database that are gone afterwards; not started yet."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        address = ""
        if database == "postgresql":
            server = stack.enter_context(running(PostgreSQL()))
            server.run("createdb", "-h", server.folder, "-U", "openbuild", "chaos")
            address = server.url("chaos")
        openbuild = Openbuild(folder / "var", address)
        stack.callback(openbuild.close)
        yield openbuild


@contextlib.contextmanager
def running(server):
    """One of the servers of tests, while the block lasts."""
    server.start()
    try:
        yield server
    finally:
        server.close()


def publish(openbuild, *texts, **environment):
    """Make these workflows live, each as its text says."""
    files = [openbuild.home.parent / f"workflow_{number}.yaml" for number in range(len(texts))]
    for file, text in zip(files, texts, strict=True):
        file.write_text(text)
    applied = openbuild.run("workflows", "apply", *map(str, files), "--publish", **environment)
    assert applied.returncode == 0, applied.stdout + applied.stderr


def new_key(openbuild):
    """A key that may call all workflows."""
    return openbuild.run("tokens", "create", "--name", "chaos").stdout.strip()
