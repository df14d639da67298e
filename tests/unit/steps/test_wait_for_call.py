from datetime import timedelta

import pytest

from core.engine.definition import Step
from core.engine.errors import StepFailed
from core.engine.outcomes import AwaitCall
from core.engine.restore import WaitRecord
from core.steps.wait_for_call import WaitForCall
from tests.unit.engine.machines import Bench, step
from tests.unit.steps.worlds import a_context


def test_it_waits_at_most_as_long_as_it_says():
    assert WaitForCall().run({"timeout": "2d"}, a_context()) == AwaitCall(timedelta(days=2))


def test_without_a_time_it_waits_for_as_long_as_it_takes():
    assert WaitForCall().run({}, a_context()) == AwaitCall(None)


@pytest.mark.parametrize(("timeout", "reason"), [("soon", "Wait at most"), ("9999d", "five years")])
def test_what_is_no_time_fails_in_words(timeout, reason):
    with pytest.raises(StepFailed, match=reason):
        WaitForCall().run({"timeout": timeout}, a_context())


@pytest.mark.parametrize(("inputs", "line"), [({}, ""), ({"timeout": "2d"}, "at most 2d")])
def test_the_card_says_how_long(inputs, line):
    assert WaitForCall().summary(Step("answer", "wait_for_call", inputs)) == line


def test_the_run_goes_on_with_the_body():
    bench = Bench(step("answer", "wait_for_call"), step("after", value="{{ steps.answer.ok }}"))
    assert bench.run() is None

    bench.machine.wake("answer", {"body": {"ok": "yes"}})
    bench.machine.advance()

    assert bench.outputs == {"answer": {"ok": "yes"}, "after": "yes"}


def test_an_answer_that_came_before_is_taken_at_once():
    bench = Bench(step("first"), step("answer", "wait_for_call"))
    bench.journal.waits["answer"] = WaitRecord("answer", "call", None, True, {"body": [1]})
    bench.journal.segments.append([])

    assert bench.run().state == "succeeded"
    assert bench.outputs["answer"] == [1]


def test_when_the_time_is_up_a_try_catches_it():
    inside = step("answer", "wait_for_call", timeout=None)
    inside["inputs"] = {"timeout": "1h"}
    after = step("after", value="{{ error.kind }}")
    bench = Bench(step("guard", "try", {"try": [inside], "catch": [after]}))

    assert bench.run().state == "succeeded"
    assert bench.outputs["after"] == "timeout"


def test_the_time_of_a_block_around_it_ends_it_too():
    inside = step("answer", "wait_for_call")
    bench = Bench(step("guard", "try", {"try": [inside]}, timeout="1h"))

    ended = bench.run()

    assert (ended.state, ended.error["kind"], ended.error["step"]) == ("failed", "timeout", "guard")


def test_its_time_is_the_same_after_every_power_cut():
    waiting = {"id": "answer", "type": "wait_for_call", "inputs": {"timeout": "1h"}}
    bench = Bench(waiting)

    ended = bench.run_through_cuts()

    assert (ended.state, ended.error["kind"]) == ("failed", "timeout")
    assert len({entry[2]["wake_at"] for entry in bench.journal.entries("open")}) == 1
