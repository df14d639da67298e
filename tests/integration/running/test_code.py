"""Code in runs: what it gives, prints and breaks, and what is left of it when its worker dies."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from core.runtime import advance, leases, run_view, runs, sandbox
from core.storage.db import db
from core.storage.run import Run
from tests.conftest import DATABASES
from tests.factories import fresh, start_run
from tests.unit.engine.machines import step
from tests.waiting import wait_until

both = pytest.mark.parametrize("database", DATABASES, indirect=True)
TOTAL = """total = 0
for line in lines:
    print(line)
    total += line["price"]
return {"total": total, "count": len(lines)}
"""
STARTER = """
import sys
from core.engine.code import read_limits
from core.runtime import sandbox
from tests.unit.steps.worlds import a_context

bind = sandbox._bind
sandbox._bind = lambda pid, seconds: (bind(pid, seconds), print(pid, flush=True))
sandbox.run("while True: pass", {}, read_limits({"seconds": 1}), a_context())
"""


def code(id, source, values=None, **more):
    return step(id, "run_code", code=source, values=values or {}, **more)


@both
def test_code_works_on_earlier_results_and_its_result_goes_on(app, work):
    run = start_run(
        code("sum", TOTAL, {"lines": "{{ trigger.lines }}"}),
        step("answer", "return_data", body="{{ steps.sum }}"),
        input={"lines": [{"price": 2.5}, {"price": 10}]},
    )

    work()

    assert fresh(run).state == "succeeded"
    assert run.response["body"] == {"total": 12.5, "count": 2}
    view = run_view.view(run)
    assert [line.message for line in view.lines] == ["{'price': 2.5}\n{'price': 10}"]
    assert view.steps[0].inputs == {"values": {"lines": [{"price": 2.5}, {"price": 10}]}}


@both
def test_a_mistake_names_its_line_and_can_be_caught(app, work):
    run = start_run(
        step(
            "guard",
            "try",
            branches={
                "try": [code("bad", "x = 1\nreturn x / 0")],
                "catch": [step("answer", "return_data", body={"said": "{{ error.message }}"})],
            },
        )
    )

    work()

    assert fresh(run).state == "succeeded"
    said = "line 2, “return x / 0”: ZeroDivisionError: division by zero"
    assert run.response["body"] == {"said": said}


@both
def test_code_of_concurrent_turns_and_paths_keeps_its_results_apart(app, work):
    turns = step(
        "turns",
        "for_each",
        list="{{ range(20) }}",
        concurrency=5,
        branches={"body": [code("double", "return n * 2", {"n": "{{ item }}"})]},
    )
    run = start_run(turns, step("answer", "return_data", body={"of": "{{ steps.turns.results }}"}))

    work()

    assert fresh(run).state == "succeeded"
    assert run.response["body"] == {"of": [n * 2 for n in range(20)]}


@both
def test_code_that_runs_away_ends_its_step_and_not_the_worker(app, work):
    limits = {"seconds": 0.2}
    run = start_run(step("bad", "run_code", code="while True: pass", limits=limits))
    other = start_run(code("good", "return 1"))

    work()

    assert (fresh(run).state, run.error["kind"]) == ("failed", "timeout")
    assert fresh(other).state == "succeeded"


@both
def test_a_run_can_be_cancelled_while_its_code_runs(app, monkeypatch):
    run = start_run(step("long", "run_code", code="while True: pass", limits={"seconds": 1}))
    original, run_id, has_begun = sandbox.run, run.id, threading.Event()

    def announce(*arguments):
        has_begun.set()
        return original(*arguments)

    def cancel():
        has_begun.wait(10)
        with app.app_context():
            runs.cancel(db.session.get(Run, run_id))

    monkeypatch.setattr(sandbox, "run", announce)
    canceller = threading.Thread(target=cancel)
    canceller.start()

    advance.advance_run(run_id)

    canceller.join()
    assert fresh(run).state == "cancelled"


@both
def test_code_whose_worker_died_runs_again(app, work):
    run = start_run(code("sum", "return 1"), step("answer", "return_data", body="{{ steps.sum }}"))
    claim = leases.claim(run.id)
    carrying = advance.Advance(claim)
    [perform] = carrying.machine.advance()
    assert perform.step.id == "sum"
    leases.forget(run.id)

    advance.Advance(claim).run_or_cancel()

    assert fresh(run).state == "succeeded"


def test_a_process_dies_with_the_worker_that_started_it():
    starter = subprocess.Popen([sys.executable, "-c", STARTER], stdout=subprocess.PIPE, text=True)
    pid = int(starter.stdout.readline())
    began = time.monotonic()

    os.kill(starter.pid, signal.SIGKILL)
    starter.communicate()

    wait_until(lambda: not is_running(pid))
    assert time.monotonic() - began < 4


def is_running(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_nothing_of_it_is_loaded_before_the_first_code_runs():
    program = (
        "import sys\nfrom core.steps import step_types\nstep_types()\n"
        "import core.runtime.advance, core.runtime.checks\n"
        "sys.exit('pydantic_monty' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
