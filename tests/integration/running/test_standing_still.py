"""What the tables of crashes stand on: a process of a test that stops, stops, and ends with it."""

import mmap
import os
import threading
import time

import pytest

from tests.chaos.crash_points import freeze
from tests.processes import Process, outcome_of

TRIES = 10
BEFORE, AFTER = b"\1", b"\2"


@pytest.fixture
def told(tmp_path):
    """A byte in memory that processes share."""
    path = tmp_path / "told"
    path.write_bytes(BEFORE)
    return path


def freeze_beside(path):
    """Stand still in one thread while the first one waits for it."""

    def stand():
        freeze()
        memory[:1] = AFTER

    with path.open("r+b") as file:
        memory = mmap.mmap(file.fileno(), 1)
    thread = threading.Thread(target=stand)
    thread.start()
    thread.join()


def stand_for_ever():
    freeze()
    time.sleep(60)


@pytest.mark.parametrize("turn", range(TRIES))
def test_a_thread_that_freezes_its_process_does_nothing_more_before_that_goes_on(
    settings, told, turn
):
    with Process(freeze_beside, told) as process:
        assert process.outcome() is None
        assert told.read_bytes() == BEFORE

        assert process.go_on() == 0
        assert told.read_bytes() == AFTER


def test_a_process_that_stands_still_ends_with_its_test(settings):
    with Process(stand_for_ever) as process:
        assert process.outcome() is None

    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)


def test_a_process_that_was_only_asked_for_its_outcome_is_not_left_standing(settings, told):
    assert outcome_of(freeze_and_say_who, told) is None

    with pytest.raises(ProcessLookupError):
        os.kill(int(told.read_text()), 0)


def freeze_and_say_who(path):
    path.write_text(str(os.getpid()))
    freeze()
