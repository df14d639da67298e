"""Bundles: the program and its packages, nothing of whoever made them."""

import os
import subprocess
import sys
import tarfile
from pathlib import Path

from blueprints.cli import bundle
from blueprints.cli.supervision import environment


def test_a_bundle_has_what_up_needs_and_nothing_of_its_maker(settings, tmp_path):
    wheels = tmp_path / "packages"
    wheels.mkdir()
    (wheels / "flask-3-py3-none-any.whl").write_bytes(b"a package")

    bundle.pack(tmp_path / "openbuild.tar.gz", wheels)

    with tarfile.open(tmp_path / "openbuild.tar.gz") as archive:
        names = {Path(name).relative_to("openbuild") for name in archive.getnames()}
        mode = archive.getmember("openbuild/openbuild").mode
    assert mode & 0o100
    assert {Path(name) for name in ("openbuild", "app.py", "requirements.txt")} <= names
    assert Path("wheels/flask-3-py3-none-any.whl") in names
    assert any(name.parts[:2] == ("static", "css") for name in names)
    tops = {name.parts[0] for name in names}
    assert not tops & {"var", ".git", ".venv", "tests", "node_modules"}
    assert not any("__pycache__" in name.parts or name.name == "keys" for name in names)


def test_the_data_folder_is_never_bundled_wherever_it_is(settings, tmp_path):
    (tmp_path / "program").mkdir()
    (tmp_path / "program" / "app.py").touch()

    found = set(bundle.sources(tmp_path.parent))

    assert tmp_path / "openbuild.db" not in found
    assert set(bundle.sources(tmp_path / "program")) == {tmp_path / "program" / "app.py"}


def test_what_its_maker_put_beside_the_program_stays_there(settings, tmp_path):
    for name in ("app.py", "today.zip", "openbuild.dump", "keys", "passphrase.txt", "data/keys"):
        (tmp_path / "program" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "program" / name).touch()

    assert list(bundle.contents(tmp_path / "program")) == [tmp_path / "program" / "app.py"]


def test_whatever_belongs_to_the_program_is_packed_or_left_out_on_purpose():
    told = subprocess.run(["git", "ls-files"], cwd=bundle.ROOT, capture_output=True, text=True)
    tops = {line.partition("/")[0] for line in told.stdout.splitlines()}

    assert {name for name in tops if not name.startswith(".")} <= bundle.PACKED | bundle.LEFT_OUT


def test_an_environment_is_made_from_the_bundle_alone(tmp_path):
    assert environment.sources(tmp_path) == []
    (tmp_path / "wheels").mkdir()
    assert environment.sources(tmp_path) == ["--no-index", "--find-links", tmp_path / "wheels"]


def test_the_archive_says_for_which_machines_it_is():
    name = bundle.default_name().name

    assert f"py{sys.version_info.major}{sys.version_info.minor}" in name
    assert os.uname().machine in name
