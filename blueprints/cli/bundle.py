"""Make an archive of openBuild with all it installs, for machines without a network.

Unpack it there and start ./openbuild up: it installs from the archive. It fits machines with the
same kind of processor and the same Python as this one.
"""

import argparse
import os
import platform
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

from blueprints.cli import Refused, assets

ROOT = Path(__file__).resolve().parents[2]
# Named, not guessed: backups and keys may lie beside the program.
PACKED = frozenset(
    [
        *("CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md", "SECURITY.md"),
        *("app.py", "worker.py", "openbuild", "requirements.txt", "pyproject.toml"),
        *("package.json", "package-lock.json"),
        *("blueprints", "core", "deploy", "docs", "examples", "static", "templates"),
    ]
)
LEFT_OUT = frozenset({"node_modules", "__pycache__", "tests"})
WHEELS = "wheels"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Where to."""
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", default=default_name())


def default_name() -> Path:
    """A name that says which version it is, and for which machines."""
    from core.release import version

    python = f"py{sys.version_info.major}{sys.version_info.minor}"
    return Path(f"openbuild-{version()}-{sys.platform}-{platform.machine()}-{python}.tar.gz")


def run(options: argparse.Namespace) -> None:
    """Fetch what is missing, then pack."""
    if options.output.exists():
        raise Refused(f"{options.output} is there already. Name another file with -o.")
    assets.ensure()
    with tempfile.TemporaryDirectory(prefix="openbuild-bundle-") as room:
        fetch_wheels(Path(room))
        pack(options.output, Path(room))
    megabytes = options.output.stat().st_size / 1_000_000
    print(f"Written to {options.output} ({megabytes:.0f} MB). Unpack it, then ./openbuild up.")


def fetch_wheels(folder: Path) -> None:
    """The pinned packages as pip would install them here."""
    command = [sys.executable, "-m", "pip", "download", "-qq", "--no-input"]
    pinned = ["--only-binary=:all:", "--dest", str(folder), "-r", str(ROOT / "requirements.txt")]
    told = subprocess.run([*command, *pinned], capture_output=True, text=True)
    if told.returncode:
        raise Refused(
            "The packages can't be fetched; the network is needed for that once. "
            f"pip says:\n{told.stderr.strip()}"
        )


def pack(output: Path, wheels: Path) -> None:
    """One archive, written whole or not at all."""
    fresh = output.with_name(f".{output.name}.{os.getpid()}")
    top = "openbuild"
    try:
        with tarfile.open(fresh, "w:gz", compresslevel=6) as archive:
            for file in contents(ROOT):
                archive.add(file, f"{top}/{file.relative_to(ROOT)}")
            for wheel in sorted(wheels.iterdir()):
                archive.add(wheel, f"{top}/{WHEELS}/{wheel.name}")
        fresh.rename(output)
    except OSError as error:
        raise Refused(f"{output} can't be written: {error.strerror or error}.") from error
    finally:
        fresh.unlink(missing_ok=True)


def contents(folder: Path) -> Iterator[Path]:
    """The files of the program, and nothing that lies beside them."""
    for entry in sorted(folder / name for name in PACKED):
        if entry.is_dir():
            yield from sources(entry)
        elif entry.is_file():
            yield entry


def sources(folder: Path) -> Iterator[Path]:
    """The files below: no data folder, nothing that is made again."""
    from core import config

    home = config.current().home
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith(".") or entry.name in LEFT_OUT or entry == home:
            continue
        if entry.is_dir():
            yield from sources(entry)
        elif entry.is_file() and not entry.name.endswith((".pyc", ".tar.gz")):
            yield entry
