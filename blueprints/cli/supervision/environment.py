"""Make .venv and install the pinned packages; runs before there is any, on the standard library.

Called by ./openbuild with the project's folder, the kind (running or tests) and the checksum of
the requirements, which becomes the stamp that says all is there.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

LISTS = {"running": "requirements.txt", "tests": "tests/requirements.txt"}


def main(here: Path, kind: str, wanted: str) -> int:
    """Install what the stamp doesn't vouch for; one process at a time."""
    try:
        lock = (here / ".venv.lock").open("w")
    except OSError as error:
        return refuse(f"{here} can't be written to ({error.strerror}): .venv is made there.")
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if is_ready(here, kind, wanted):
            return 0
        try:
            return install(here / ".venv", here / LISTS[kind], kind, wanted)
        except OSError as error:
            return refuse(f"{here / '.venv'} can't be made: {error.strerror}.")


def is_ready(here: Path, kind: str, wanted: str) -> bool:
    """Whether another process has done it while we waited."""
    stamp = here / ".venv" / f"{kind}.stamp"
    return stamp.exists() and stamp.read_text().strip() == wanted.strip() and works(here / ".venv")


def works(venv: Path) -> bool:
    """Whether the environment's Python still starts; a system upgrade may have removed it."""
    try:
        probe = [venv / "bin" / "python", "-c", "import pip"]
        return subprocess.run(probe, capture_output=True).returncode == 0
    except OSError:
        return False


def install(venv: Path, requirements: Path, kind: str, wanted: str) -> int:
    began = time.monotonic()
    say(f"Installing Python packages into {venv} …")
    if not works(venv):
        shutil.rmtree(venv, ignore_errors=True)
        made = subprocess.run([sys.executable, "-m", "venv", venv], capture_output=True, text=True)
        if made.returncode:
            return refuse(explain_venv(made.stdout + made.stderr))
    # Python compiles what it imports by itself; compiling all would double the time this takes.
    pip = [venv / "bin" / "python", "-m", "pip", "install", "-qq", "--no-input", "--no-compile"]
    options = ["--disable-pip-version-check", *sources(requirements.parent)]
    told = subprocess.run([*pip, *options, "-r", requirements], stdout=sys.stderr)
    if told.returncode:
        return refuse(
            "The packages can't be installed; see above. The network is needed for that once."
        )
    write_stamp(venv / f"{kind}.stamp", wanted)
    if kind == "tests":
        running = requirements.parent.parent / LISTS["running"]
        write_stamp(venv / "running.stamp", cksum(running))
    say(f"Python packages are there ({time.monotonic() - began:.0f} s)")
    return 0


def sources(here: Path) -> list[str | Path]:
    """Where pip looks: only among the wheels, where this came as a bundle."""
    wheels = here / "wheels"
    return ["--no-index", "--find-links", wheels] if wheels.is_dir() else []


def cksum(file: Path) -> str:
    """What ./openbuild compares the stamp with."""
    with file.open("rb") as content:
        return subprocess.run(["cksum"], stdin=content, capture_output=True, text=True).stdout


def write_stamp(stamp: Path, wanted: str) -> None:
    fresh = stamp.with_suffix(f".{os.getpid()}")
    fresh.write_text(wanted.strip() + "\n")
    fresh.rename(stamp)


def explain_venv(said: str) -> str:
    """What to do when Python has no venv, as Debian ships it."""
    if "ensurepip" in said or "No module named venv" in said:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        return (
            "Python's venv module is missing. On Debian and Ubuntu: "
            f"sudo apt install python{version}-venv"
        )
    return f"The environment can't be made: {said.strip()}"


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def refuse(text: str) -> int:
    say(text)
    return 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))
