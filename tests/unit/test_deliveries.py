"""GitHub's deliveries as tests get them: once, pinned, and in plain words when they can't."""

import argparse
import json

import pytest

from blueprints import assets as front_end
from blueprints.cli import Refused, _deliveries, assets, test
from blueprints.cli.supervision import machine
from core import config

LOCK = json.loads((front_end.ROOT / "package-lock.json").read_text())["packages"]


@pytest.fixture
def offline(tmp_path, monkeypatch):
    """Nothing was fetched yet, and npm can't be had."""

    def refuse():
        raise Refused("npm is missing and can't be fetched either.")

    monkeypatch.setattr(_deliveries, "CORPUS", tmp_path / "github")
    monkeypatch.setattr(assets, "npm", refuse)


@pytest.fixture
def ready(offline, monkeypatch):
    """All other parts are there, somebody sits before the screen; pytest isn't started."""
    monkeypatch.setattr(config, "is_unattended", lambda: False)
    monkeypatch.setattr(machine, "PARTS", ())
    monkeypatch.setattr(assets, "ensure", lambda: None)
    started = []
    monkeypatch.setattr(
        test.subprocess,
        "run",
        lambda words, **_: started.append(words) or argparse.Namespace(returncode=0),
    )
    return started


def test_what_is_there_needs_no_network(offline):
    _deliveries.folder().mkdir(parents=True)

    assert _deliveries.ensure() == _deliveries.folder()
    assert _deliveries.Deliveries().is_there()


def test_without_npm_these_tests_are_left_out_in_plain_words(ready, capsys):
    assert test.run(argparse.Namespace(rest=["-x"])) == 0

    [words] = ready
    assert "--ignore=tests/integration/github" in words
    said = capsys.readouterr().out
    assert "Left out: GitHub tests" in said
    assert "npm is missing" in said


def test_a_build_machine_without_npm_fails(ready, monkeypatch):
    monkeypatch.setattr(config, "is_unattended", lambda: True)

    with pytest.raises(Refused, match="all tests have to run"):
        test.run(argparse.Namespace(rest=[]))
    assert ready == []


def test_the_package_is_pinned_and_checked():
    locked = LOCK[f"node_modules/{_deliveries.PACKAGE}"]

    assert _deliveries.folder().name == locked["version"]
    assert locked["integrity"].startswith("sha512-")
    assert locked["dev"]


def test_the_lock_names_no_registry():
    assert not [name for name, package in LOCK.items() if "resolved" in package]
