"""How long steps and blocks may take: what sleeps in them is woken when their time is up."""

from datetime import timedelta

import pytest

from core.engine import crashes
from core.engine.errors import StepFailed
from core.engine.outcomes import StartRun
from core.engine.restore import WaitRecord
from tests.unit.engine.machines import START, Bench, PowerCut, World, answered, step

HOUR = {"for": "1h"}
NAP = step("nap", "wait", **HOUR)
OTHER = step("other", "run_workflow", workflow="other")
OTHER_DONE = {"state": "succeeded", "response": {"body": 7}}
BLOCKS = {
    "branch": lambda *steps: step("b", "branch", {"only": [*steps]}, timeout="2s"),
    "loop": lambda *steps: step("b", "for_each", {"body": [*steps]}, list=[1], timeout="2s"),
    "turns": lambda *steps: step(
        "b", "for_each", {"body": [*steps]}, list=[1, 2], concurrency=2, timeout="2s"
    ),
    "repeat": lambda *steps: (
        step("b", "repeat", {"body": [*steps]}, until="{{ true }}") | {"timeout": "2s"}
    ),
    "paths": lambda *steps: step("b", "parallel", {"a": [*steps], "b": []}, timeout="2s"),
    "try": lambda *steps: step("b", "try", {"try": [*steps]}, timeout="2s"),
}


class Starting(World):
    """Starts a run of another workflow, which does not answer by itself."""

    def perform(self, perform):
        if perform.step.type != "run_workflow":
            return super().perform(perform)
        self.calls.append(perform.key)
        return StartRun("other", {})


def block(*steps, timeout="2s"):
    return step("b", "branch", {"only": [*steps]}, timeout=timeout)


def passed(bench):
    return bench.now - START


def error_of(ended):
    return ended.state, ended.error["kind"], ended.error["step"]


@pytest.mark.parametrize("kind", BLOCKS)
def test_a_wait_is_cut_short_by_the_time_of_the_block_around_it(kind):
    bench = Bench(BLOCKS[kind](NAP))

    ended = bench.run()

    assert error_of(ended) == ("failed", "timeout", "b")
    assert ended.error["message"] == "this took longer than 2 seconds"
    assert passed(bench) == timedelta(seconds=2)


def test_of_two_blocks_the_one_whose_time_is_up_first_ends_the_wait():
    outer = step("outer", "branch", {"only": [block(NAP)]}, timeout="1s")

    assert error_of(Bench(outer).run()) == ("failed", "timeout", "outer")
    outer["timeout"] = "1m"
    assert error_of(Bench(outer).run()) == ("failed", "timeout", "b")


def test_a_wait_that_ends_in_time_is_not_cut_short():
    bench = Bench(block(NAP, timeout="2h"), step("after", value=1))

    assert bench.run().state == "succeeded"
    assert passed(bench) == timedelta(hours=1)


def test_a_wait_keeps_to_its_own_timeout():
    bench = Bench(step("nap", "wait", timeout="2s", **HOUR))

    ended = bench.run()

    assert error_of(ended) == ("failed", "timeout", "nap")
    assert ended.error["message"] == "this took longer than 2 seconds"
    assert passed(bench) == timedelta(seconds=2)


def test_a_failed_attempt_is_not_tried_again_when_the_time_of_its_block_is_up():
    retry = {"attempts": 3, "wait": "1m", "max_wait": "1m"}
    world = World({"x": StepFailed("busy", retryable=True)})
    bench = Bench(block(step("x", "outside", retry=retry)), world=world)

    ended = bench.run()

    assert error_of(ended) == ("failed", "timeout", "b")
    assert passed(bench) == timedelta(seconds=2)
    assert world.calls == ["r:x"]


@pytest.mark.parametrize(
    ("steps", "failed"),
    [([block(OTHER)], "b"), ([OTHER | {"timeout": "2s"}], "other")],
    ids=["block", "step"],
)
def test_another_run_is_not_waited_for_when_the_time_is_up(steps, failed):
    bench = Bench(*steps, world=Starting())

    assert error_of(bench.run()) == ("failed", "timeout", failed)
    assert passed(bench) == timedelta(seconds=2)
    assert bench.world.calls == ["r:other"]


def test_another_run_that_answers_in_time_is_an_answer():
    bench = Bench(block(OTHER), world=Starting())
    bench.make()
    bench.perform(bench.machine.advance())
    bench.machine.advance()

    bench.machine.wake("other", OTHER_DONE)
    bench.machine.advance()

    assert bench.machine.ended.state == "succeeded"
    assert bench.outputs["other"] == 7


def test_an_answer_that_came_in_time_counts_for_a_worker_that_comes_later():
    bench = Bench(block(OTHER, step("x", "outside")), world=Starting())
    bench.make()
    bench.perform(bench.machine.advance())
    bench.machine.advance()
    bench.journal.waits["other"] = answered("other", OTHER_DONE)
    bench.now += timedelta(seconds=3)
    machine = bench.make()
    machine.advance()
    machine.wake("other", OTHER_DONE)

    machine.advance()

    assert bench.outputs["other"] == 7
    assert error_of(machine.ended) == ("failed", "timeout", "b")
    assert bench.world.calls == ["r:other"]


@pytest.mark.parametrize(
    "steps",
    [[block(NAP)], [NAP | {"timeout": "2s"}], [block(OTHER)], [OTHER | {"timeout": "2s"}]],
    ids=["wait in a block", "wait", "run in a block", "run"],
)
def test_the_time_is_the_same_after_a_crash(steps):
    bench = Bench(*steps, world=Starting())
    bench.make()
    bench.perform(bench.machine.advance())
    bench.machine.advance()
    if "other" in bench.machine.paused:
        bench.journal.waits["other"] = WaitRecord("other", "child", None, False)
    bench.now += timedelta(seconds=1)

    ended = bench.run()

    assert (ended.state, ended.error["kind"]) == ("failed", "timeout")
    assert passed(bench) == timedelta(seconds=2)


def test_the_time_of_another_run_counts_from_its_start_whatever_crashes_behind_it():
    bench = Bench(OTHER | {"timeout": "2s"}, world=Starting())
    [perform] = bench.make().advance()
    bench.journal.started(perform)
    bench.journal.waits["other"] = WaitRecord("other", "child", None, False)
    bench.now += timedelta(seconds=1)

    assert error_of(bench.run()) == ("failed", "timeout", "other")
    assert passed(bench) == timedelta(seconds=2)


@pytest.mark.parametrize(
    "steps", [[block(NAP, timeout="30m")], [NAP | {"timeout": "30m"}]], ids=["block", "step"]
)
def test_it_ends_the_same_through_power_cuts(steps):
    bench = Bench(*steps)

    ended = bench.run_through_cuts()

    assert (ended.state, ended.error["kind"]) == ("failed", "timeout")
    assert timedelta(minutes=30) <= passed(bench) < timedelta(minutes=31)


def unknown(*steps, timeout="2s"):
    """A run in whose block an effect's outcome is unknown, taken up when its time is up."""
    inner = step("inner", "branch", {"only": [step("pay", "outside", after_crash="ask"), *steps]})
    bench = Bench(block(inner, timeout=timeout), step("after", "outside"))
    [perform] = bench.make().advance()
    bench.journal.started(perform)
    bench.world.perform(perform)
    bench.now += timedelta(seconds=3)
    return bench


def decide(bench, decision, **more):
    question = crashes.question("pay", 0)
    bench.journal.asked(question, {"decision": decision, "by": "Ana", **more})


def test_no_time_that_is_up_lets_an_unknown_outcome_pass_for_known():
    bench = unknown()

    assert bench.run() is None
    [pause] = bench.machine.paused.values()
    assert (pause.kind, pause.wake_at) == (crashes.KIND, None)
    assert bench.journal.steps["pay"].state == "unknown"


def test_side_by_side_nothing_ends_before_an_unknown_outcome_is_known():
    paths = {"a": [step("pay", "outside", after_crash="ask")], "b": [NAP]}
    bench = Bench(step("b", "parallel", paths, timeout="2s"))
    [perform] = bench.make().advance()
    bench.journal.started(perform)

    assert bench.run() is None
    assert [pause.kind for pause in bench.machine.paused.values()] == [crashes.KIND]
    assert passed(bench) == timedelta(seconds=2)
    decide(bench, "happened", output={"id": 7})
    assert error_of(bench.run()) == ("failed", "timeout", "b")
    assert bench.outputs["pay"] == {"id": 7}


def test_side_by_side_what_is_under_way_when_the_time_is_up_is_finished():
    paths = {"a": [step("x", "outside"), step("y", "outside")], "b": [NAP]}
    bench = Bench(step("b", "parallel", paths, timeout="2s"))
    [perform] = bench.make().advance()
    bench.now += timedelta(seconds=2)
    bench.machine.wake("nap")
    bench.machine.advance()

    bench.perform([perform])
    bench.machine.advance()

    assert error_of(bench.machine.ended) == ("failed", "timeout", "b")
    assert bench.outputs["x"] == {"did": "x"}
    assert bench.world.calls == ["r:x"]


def test_what_a_person_then_knows_is_kept_and_no_further_step_begins():
    bench = unknown(step("x", "outside"))
    bench.run()
    decide(bench, "happened", output={"id": 7})

    assert error_of(bench.run()) == ("failed", "timeout", "b")
    assert bench.outputs["pay"] == {"id": 7}
    assert bench.world.calls == ["r:pay"]


def test_what_a_person_wants_to_run_again_does_and_no_further_step_begins():
    bench = unknown(step("x", "outside"))
    bench.run()
    decide(bench, "run_again")

    assert error_of(bench.run()) == ("failed", "timeout", "b")
    assert bench.outputs["pay"] == {"did": "pay"}
    assert bench.world.calls == ["r:pay", "r:pay"]


def test_what_was_under_way_is_finished_when_the_time_is_up_after_a_crash():
    bench = Bench(block(step("x", "outside"), step("y", "outside")))
    bench.journal.cut_after = 3
    with pytest.raises(PowerCut):
        bench.run()
    bench.journal.cut_after = None
    bench.now += timedelta(seconds=3)

    assert error_of(bench.run()) == ("failed", "timeout", "b")
    assert bench.outputs["x"] == {"did": "x"}
    assert bench.world.calls == ["r:x", "r:x"]


def test_no_other_attempt_begins_when_the_time_is_up_after_a_crash():
    retry = {"attempts": 3, "wait": "1s"}
    world = World({"x": StepFailed("busy", retryable=True)})
    bench = Bench(block(step("x", "outside", retry=retry)), world=world)
    bench.make()
    bench.perform(bench.machine.advance())
    bench.machine.advance()
    bench.now += timedelta(seconds=3)

    assert error_of(bench.run()) == ("failed", "timeout", "b")
    assert world.calls == ["r:x"]


class Slow(World):
    """Whatever it does takes a minute."""

    def perform(self, perform):
        self.bench.now += timedelta(minutes=1)
        return super().perform(perform)


def slow(*steps):
    bench = Bench(*steps, world=Slow())
    bench.world.bench = bench
    return bench


@pytest.mark.parametrize("kind", BLOCKS)
def test_a_block_whose_last_step_ends_too_late_fails_with_what_it_did_on_record(kind):
    bench = slow(BLOCKS[kind](step("x", "outside")))

    assert error_of(bench.run()) == ("failed", "timeout", "b")
    path = "b/0/x" if kind in ("loop", "turns", "repeat") else "x"
    assert bench.outputs[path] == {"did": path}


def test_a_block_that_ends_too_late_inside_one_that_does_not_is_a_failure_like_any():
    inner = block(step("x", "outside"))
    guard = step(
        "guard", "try", {"try": [inner], "catch": [step("said", value="{{ error.kind }}")]}
    )
    bench = slow(guard | {"timeout": "1h"})

    assert bench.run().state == "succeeded"
    assert bench.outputs["said"] == "timeout"


def test_a_block_without_a_timeout_may_take_its_time():
    assert slow(block(step("x", "outside"), timeout=None)).run().state == "succeeded"


def test_what_ends_too_late_does_so_through_power_cuts():
    steps = block(step("x", "outside"), timeout="30s"), step("after", "outside")
    whole, cut = (slow(*steps) for _ in range(2))

    ended, ended_through_cuts = whole.run(), cut.run_through_cuts()

    assert error_of(ended) == error_of(ended_through_cuts) == ("failed", "timeout", "b")
    assert whole.outputs == cut.outputs
    assert set(cut.world.calls) == {"r:x"}
