"""Commands given in this process, on the test's own data folder."""

import contextvars
import logging
from collections import namedtuple
from dataclasses import replace

import pytest

from blueprints.cli import main
from core import config

Told = namedtuple("Told", "returncode stdout stderr")


@pytest.fixture
def command(settings, capsys):
    """Gives a command; the test's settings are its own again afterwards."""
    handlers, level = logging.root.handlers, logging.root.level

    def command(*words):
        capsys.readouterr()
        code = contextvars.Context().run(give, [str(word) for word in words])
        return Told(code, *capsys.readouterr())

    yield command
    logging.root.handlers = handlers
    logging.root.setLevel(level)


def give(words):
    try:
        return main(words)
    except SystemExit as leaving:
        return leaving.code


@pytest.fixture
def move_to(settings, tmp_path):
    """Makes the settings those of another, empty data folder."""

    def move_to(name):
        home = tmp_path / name
        config.use(config.load({"OPENBUILD_HOME": str(home), "OPENBUILD_DURABILITY": "normal"}))
        config.use(replace(config.current(), redis_url=settings.redis_url))
        return home

    return move_to
