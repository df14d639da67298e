"""The watcher of the processes: when it starts one again, and how many clear up after a death."""

import time
from collections import Counter
from pathlib import Path

import pytest

from blueprints.cli.supervision.children import Child
from blueprints.cli.supervision.supervisor import Supervisor
from tests.processes import outcome_of

LEFT = 6  # runs of the worker that dies
SECONDS = 0.5  # that each of them takes
KILLED, GAVE_UP = -9, 1


def pauses(*codes):
    """After how many seconds a process is started again that ends like this at once, each time."""
    child = Child("worker 1", lambda: None)
    found = []
    for code in codes:
        child.started_at = time.monotonic()
        child.died(code, restart=True)
        found.append(child.start_again_at - time.monotonic())
    return found


def test_what_gives_up_at_its_start_is_started_again_later_and_later():
    assert pauses(*[GAVE_UP] * 8) == pytest.approx([0, 0.2, 0.6, 1.4, 3, 6.2, 10, 10], abs=0.1)


def test_what_is_killed_is_soon_back_however_often():
    assert pauses(*[KILLED] * 8) == pytest.approx([0, 0.2, 0.6, 1, 1, 1, 1, 1], abs=0.1)


def test_what_a_dead_worker_held_is_soon_carried_out_by_several(tmp_path):
    for number in range(LEFT):
        (tmp_path / f"left-{number}").touch()

    assert outcome_of(watch_one_die, str(tmp_path)) == 0

    spans = [tuple(map(float, each.read_text().split())) for each in tmp_path.glob("done-*")]
    assert len(spans) == LEFT
    beside = Counter(sum(began <= at < ended for began, ended in spans) for at, _ in spans)
    assert max(beside) >= 3


def watch_one_die(folder):
    """In a process of its own: watch a worker that dies at once, until nothing is left."""
    supervisor = Supervisor(lambda name, pid, helpers: Child("helper", lambda: clear_up(folder)))
    worker = Child("worker 1", lambda: None)
    worker.start()
    supervisor.children.append(worker)
    supervisor.is_told_to_end = lambda seconds, wait=supervisor.is_told_to_end: (
        wait(seconds) or len(list(Path(folder).glob("done-*"))) == LEFT
    )
    supervisor.watch()


def clear_up(folder):
    """One after another, as each helper does."""
    for run in sorted(Path(folder).glob("left-*")):
        try:
            run.rename(run.with_name(run.name.replace("left", "taken")))
        except FileNotFoundError:
            continue
        began = time.monotonic()
        time.sleep(SECONDS)
        written = run.with_name(run.name.replace("left", "written"))
        written.write_text(f"{began} {time.monotonic()}")
        written.rename(run.with_name(run.name.replace("left", "done")))
