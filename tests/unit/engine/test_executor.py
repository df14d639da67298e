from datetime import timedelta

import pytest

from core.engine.errors import StepFailed
from core.engine.outcomes import Done
from tests.unit.engine.machines import START, Bench, MemoryJournal, PowerCut, World, step


def broken(message="it is broken", **details):
    return lambda perform: StepFailed(message, **details)


def test_a_later_step_reads_an_earlier_one():
    bench = Bench(step("a", value={"n": 2}), step("b", value="{{ steps.a.n + 1 }}"))

    ended = bench.run()

    assert (ended.state, bench.outputs["b"]) == ("succeeded", 3)


def test_a_step_whose_condition_does_not_hold_is_passed_over_and_reads_as_null():
    bench = Bench(
        step("a", value=1, only_when="{{ trigger.go }}"), step("b", value="{{ steps.a }}")
    )

    bench.run()

    assert bench.outputs == {"b": None}
    assert bench.journal.entries("skipped")[0][1:3] == ["a", "condition"]


def test_a_disabled_step_is_passed_over():
    bench = Bench(step("a", value=1, disabled=True))

    assert bench.run().state == "succeeded"
    assert bench.outputs == {}


def test_an_unknown_name_fails_the_step_that_asked_for_it_with_field_and_column():
    bench = Bench(step("a", value="Hello {{ steps.nobody }}"))

    ended = bench.run()

    assert ended.state == "failed"
    assert ended.error["step"] == "a"
    assert "nobody" in ended.error["message"]
    assert "column" in ended.error["message"]
    assert ended.error["kind"] == "expression"


def test_a_failed_step_ends_the_run_and_the_next_does_not_begin():
    world = World({"a": broken()})
    bench = Bench(step("a", "outside"), step("b", "outside"), world=world)

    ended = bench.run()

    assert (ended.state, ended.error["message"]) == ("failed", "it is broken")
    assert world.calls == ["r:a"]


def test_a_step_may_fail_and_the_run_go_on_with_its_error_in_hand():
    world = World({"a": broken(kind="http", details={"status": 502, "body": "no"})})
    bench = Bench(
        step("a", "outside", on_error="continue"),
        step("b", value="{{ steps.a.error.kind }} {{ steps.a.status }}"),
        world=world,
    )

    assert bench.run().state == "succeeded"
    assert bench.outputs["b"] == "http 502"


def test_retries_wait_longer_each_time_under_the_same_key():
    world = World({"a": broken(retryable=True)})
    retry = {"attempts": 4, "wait": "2s", "backoff": 3, "max_wait": "10s"}
    bench = Bench(step("a", "outside", retry=retry), world=world)

    ended = bench.run()

    assert ended.error["attempts"] == 4
    assert world.calls == ["r:a"] * 4
    assert bench.now - START == timedelta(seconds=2 + 6 + 10)


def test_what_is_not_retryable_is_tried_once():
    world = World({"a": broken(retryable=False)})
    bench = Bench(step("a", "outside"), world=world)

    bench.run()

    assert world.calls == ["r:a"]


def test_retry_after_is_the_least_that_is_waited():
    answers = iter([StepFailed("busy", retryable=True, retry_after=45), {"ok": True}])
    bench = Bench(step("a", "outside"), world=World({"a": lambda _: next(answers)}))

    assert bench.run().state == "succeeded"
    assert bench.now - START == timedelta(seconds=45)


def test_a_wait_ends_when_its_time_has_come_even_after_a_crash():
    bench = Bench(step("w", "wait", **{"for": "2h"}), step("after", value=1))
    machine = bench.make()
    machine.advance()
    bench.now += timedelta(hours=1)

    assert bench.run().state == "succeeded"
    assert bench.now - START == timedelta(hours=2)


def test_a_block_may_only_take_so_long():
    body = [step("w", "wait", **{"for": "1h"}), step("x", "outside")]
    bench = Bench(step("loop", "for_each", list=[1, 2], timeout="90m", branches={"body": body}))

    ended = bench.run()

    assert ended.error["kind"] == "timeout"
    assert bench.world.calls == ["r:loop/0/x"]


def test_a_run_that_uses_up_its_steps_ends():
    bench = Bench(
        step("loop", "repeat", until="{{ false }}", branches={"body": [step("x", value=1)]}),
        settings={"max_steps": 20},
    )

    ended = bench.run()

    assert (ended.state, ended.reason, ended.error["kind"]) == ("failed", "limit", "limit")


@pytest.mark.parametrize("last", [[], [step("s", "stop", outcome="succeed", message="enough")]])
def test_a_run_whose_last_step_ends_too_late_has_taken_too_long(last):
    def slow(perform):
        bench.elapsed += 301
        return {"ok": True}

    paths = {"try": last, "finally": [step("x", "outside")]}
    bench = Bench(step("t", "try", paths), world=World({"x": slow}))

    ended = bench.run()

    assert (ended.state, ended.reason, ended.error["kind"]) == ("failed", "timed_out", "timeout")
    assert bench.outputs["x"] == {"ok": True}


def test_a_failure_that_comes_too_late_is_still_that_failure():
    def slow(perform):
        bench.elapsed += 301
        return StepFailed("it is broken")

    bench = Bench(step("x", "outside"), world=World({"x": slow}))

    assert bench.run().error["message"] == "it is broken"


def test_a_restarted_run_skips_what_the_journal_holds():
    world = World()
    bench = Bench(step("a", "outside"), step("b", "outside"), world=world)
    bench.journal.cut_after = 2
    with pytest.raises(PowerCut):
        bench.run()
    bench.journal.cut_after = None

    assert bench.run().state == "succeeded"
    assert world.calls == ["r:a", "r:b"]


def test_a_step_cut_in_half_is_tried_again_with_the_same_inputs_and_key():
    journal = MemoryJournal(cut_after=1)
    world = World()
    bench = Bench(step("a", "outside"), journal=journal, world=world)
    with pytest.raises(PowerCut):
        bench.run()
    journal.cut_after = None

    bench.run()

    assert world.calls == ["r:a", "r:a"]


@pytest.mark.parametrize("order", [("bad", "good"), ("good", "bad")], ids=["after", "before"])
def test_an_effect_that_lands_beside_a_failure_is_recorded(order):
    paths = {name: [step(name, "outside")] for name in order}
    bench = Bench(step("both", "parallel", paths))
    machine = bench.make()
    machine.advance()
    outcomes = {"bad": StepFailed("it is broken"), "good": Done({"id": 7})}
    for name in reversed(order):
        machine.complete(name, outcomes[name])

    machine.advance()

    assert machine.ended.state == "failed"
    assert bench.outputs == {"good": {"id": 7}}


def test_an_effect_that_lands_when_the_run_has_ended_is_recorded():
    paths = {name: [step(name, "outside")] for name in ("bad", "good")}
    bench = Bench(step("both", "parallel", paths))
    machine = bench.make()
    machine.advance()
    machine.complete("bad", StepFailed("it is broken"))
    machine.advance()

    machine.complete("good", Done({"id": 7}))

    assert bench.outputs == {"good": {"id": 7}}
