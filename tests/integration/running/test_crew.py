import threading

import pytest

from core.engine.outcomes import Done
from core.runtime.crew import Crew
from core.steps import step_types
from tests.conftest import DATABASES
from tests.factories import fresh, start_run
from tests.unit.engine.machines import step
from tests.waiting import wait_until

pytestmark = pytest.mark.parametrize("database", DATABASES, indirect=True)


class Hanging:
    """A step that lasts until it is told to end."""

    def __init__(self):
        self.begun = threading.Semaphore(0)
        self.may_end = threading.Event()

    def run(self, *_):
        self.begun.release()
        self.may_end.wait(20)
        return Done("answered")


@pytest.fixture
def hanging(monkeypatch):
    step_type = Hanging()
    monkeypatch.setattr(type(step_types()["call_api"]), "run", step_type.run)
    yield step_type
    step_type.may_end.set()


SLOW = step("slow", "call_api", method="GET", url="https://example.com")
QUICK = step("up", "increment_value", key="quick", by=1)


def test_runs_that_wait_for_others_hold_nobody_up(app, hanging):
    crew = Crew(app, size=4)
    slow = [start_run(SLOW) for _ in range(3)]
    quick = start_run(QUICK)

    for run in (*slow, quick):
        crew.carry_out(run.id)

    wait_until(lambda: fresh(quick).state == "succeeded", seconds=5)
    assert {fresh(run).state for run in slow} == {"running"}
    hanging.may_end.set()
    crew.wait()
    assert {fresh(run).state for run in slow} == {"succeeded"}


def test_a_crew_claims_no_more_than_it_has_hands_for(app, hanging):
    crew = Crew(app, size=2)
    runs = [start_run(SLOW) for _ in range(3)]

    bell = threading.Thread(target=hear, args=(app, crew, runs))
    bell.start()
    for _ in range(2):
        assert hanging.begun.acquire(timeout=5)

    assert sorted(fresh(run).state for run in runs) == ["queued", "running", "running"]
    hanging.may_end.set()
    bell.join()
    crew.wait()
    assert {fresh(run).state for run in runs} == {"succeeded"}


def hear(app, crew, runs):
    with app.app_context():
        for run in [run.id for run in runs]:
            crew.carry_out(run)


def test_many_runs_at_once_count_exactly(app):
    crew = Crew(app, size=8)
    runs = [start_run(QUICK) for _ in range(40)]

    for run in runs:
        crew.carry_out(run.id)
    crew.wait()

    assert {fresh(run).state for run in runs} == {"succeeded"}
    last = start_run(
        step("read", "read_value", key="quick"), step("a", "return_data", body="{{ steps.read }}")
    )
    crew.carry_out(last.id)
    crew.wait()
    assert fresh(last).response["body"] == 40
