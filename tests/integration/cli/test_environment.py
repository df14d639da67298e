"""`./openbuild` itself: from a fresh clone to a command, without anything installed before."""

import os
import shutil
import subprocess
import sys

import pytest

from blueprints.cli.supervision import environment
from tests.openbuild import ROOT

VERSION = "version"


@pytest.fixture
def clone(tmp_path):
    """A fresh clone that needs no packages, in a folder with a blank in its name."""
    clone = tmp_path / "my clone"
    (clone / "tests").mkdir(parents=True)
    shutil.copy(ROOT / "openbuild", clone)
    for name in ("blueprints", "core", "pyproject.toml"):
        (clone / name).symlink_to(ROOT / name)
    (clone / "requirements.txt").write_text("")
    (clone / "tests" / "requirements.txt").write_text("-r ../requirements.txt\n")
    return clone


def start(clone, *words, **variables):
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], **variables}
    return subprocess.Popen(
        [clone / "openbuild", *words],
        cwd="/",
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def told(process):
    out, err = process.communicate(timeout=120)
    return process.returncode, out.strip(), err


def test_a_clone_installs_itself_once_and_again_when_something_has_changed(clone):
    at_once = [start(clone, VERSION) for _ in range(2)]
    answers = [told(process) for process in at_once]

    assert [code for code, _, _ in answers] == [0, 0], answers
    assert len({out for _, out, _ in answers}) == 1
    assert sum("Installing" in err for _, _, err in answers) == 1
    assert told(start(clone, VERSION)) == (0, answers[0][1], "")

    (clone / "requirements.txt").write_text("# another line\n")
    (clone / ".venv" / "bin" / "python").unlink()

    code, out, err = told(start(clone, VERSION))
    assert (code, out) == (0, answers[0][1]), err
    assert "Installing" in err


def test_an_old_python_is_named_with_what_to_do(clone, tmp_path):
    old = tmp_path / "bin"
    old.mkdir()
    for name in ("python3", *(f"python3.{minor}" for minor in range(11, 15))):
        (old / name).write_text("#!/bin/sh\nexit 1\n")
        (old / name).chmod(0o755)

    code, _, err = told(start(clone, VERSION, PATH=f"{old}:/usr/bin:/bin"))

    assert code == 1
    assert "Python 3.11 or newer" in err
    assert "PYTHON=" in err


def test_packages_that_cannot_be_had_are_one_sentence(clone):
    (clone / ".venv").symlink_to(sys.prefix)
    (clone / "requirements.txt").write_text("no-such-package-anywhere==1\n")

    code, _, err = told(start(clone, VERSION, PIP_NO_INDEX="1"))

    assert code == 1
    assert "The network is needed for that once" in err
    assert "Traceback" not in err


def test_a_missing_venv_module_is_named_as_debian_packages_it():
    said = "The virtual environment was not created successfully because ensurepip is not available"

    version = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    assert f"sudo apt install {version}" in environment.explain_venv(said)


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path, capsys):
    (tmp_path / "file").write_text("")

    assert environment.main(tmp_path / "file", "running", "1") == 1
    assert "can't be written to" in capsys.readouterr().err
