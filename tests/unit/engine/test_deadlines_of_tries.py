"""A try whose time is up, or that of a block around it: what is to be done in any case is done."""

from datetime import timedelta

import pytest

from core.engine.errors import StepFailed
from tests.unit.engine.machines import START, Bench, World, step
from tests.unit.engine.test_executor_crashes import without_errors, without_times

NAP = step("nap", "wait", **{"for": "1h"})
LAST = step("last", "outside")
LONG = step("long", "wait", **{"for": "3h"})


def guard(*, timeout=None, **paths):
    return step("guard", "try", paths, timeout=timeout)


def around(*steps, timeout="30m"):
    return step("around", "branch", {"only": [*steps]}, timeout=timeout)


def error_of(ended):
    return ended.state, ended.error["kind"], ended.error["step"]


def test_what_takes_too_long_is_caught():
    caught = step("said", value="{{ error.kind }} at {{ error.step }}: {{ error.message }}")
    bench = Bench(guard(timeout="30m", **{"try": [NAP], "catch": [caught], "finally": [LAST]}))

    assert bench.run().state == "succeeded"
    assert bench.outputs["said"] == "timeout at guard: this took longer than 30 minutes"
    assert bench.outputs["guard"]["failed"] is True
    assert bench.world.calls == ["r:last"]


def test_the_time_that_was_up_binds_neither_catch_nor_finally():
    paths = {"try": [NAP], "catch": [LONG], "finally": [LONG | {"id": "rest"}, LAST]}
    bench = Bench(guard(timeout="30m", **paths))

    assert bench.run().state == "succeeded"
    assert bench.now - START == timedelta(hours=6, minutes=30)
    assert bench.world.calls == ["r:last"]


def test_without_a_catch_finally_runs_and_the_try_fails():
    bench = Bench(guard(timeout="30m", **{"try": [NAP], "finally": [LONG, LAST]}))

    assert error_of(bench.run()) == ("failed", "timeout", "guard")
    assert bench.world.calls == ["r:last"]


def test_a_catch_that_takes_too_long_ends_and_finally_runs():
    broken = step("broken", "stop", outcome="fail", message="no")
    paths = {"try": [broken], "catch": [NAP], "finally": [LONG, LAST]}
    bench = Bench(guard(timeout="30m", **paths))

    assert error_of(bench.run()) == ("failed", "timeout", "guard")
    assert bench.now - START == timedelta(hours=3, minutes=30)
    assert bench.world.calls == ["r:last"]


@pytest.mark.parametrize("phase", ["try", "catch"])
def test_a_last_step_that_ends_too_late_is_too_late(phase):
    def slow(perform):
        bench.now += timedelta(hours=1)
        return {}

    paths = {"try": [step("x", "outside")], "finally": [LAST]}
    if phase == "catch":
        failing = step("broken", "stop", outcome="fail", message="no")
        paths = {"try": [failing], "catch": paths["try"], "finally": [LAST]}
    bench = Bench(guard(timeout="30m", **paths), world=World({"x": slow}))

    assert error_of(bench.run()) == ("failed", "timeout", "guard")
    assert bench.outputs["x"] == {}
    assert bench.world.calls == ["r:x", "r:last"]


def test_when_the_time_of_a_block_around_it_is_up_finally_runs_and_catch_does_not():
    paths = {"try": [NAP], "catch": [step("c", "outside")], "finally": [LONG, LAST]}
    bench = Bench(around(guard(**paths), step("next", "outside")))

    assert error_of(bench.run()) == ("failed", "timeout", "around")
    assert bench.world.calls == ["r:last"]


def test_the_time_of_a_block_around_it_cuts_a_catch_short_but_no_finally():
    broken = step("broken", "stop", outcome="fail", message="no")
    paths = {"try": [broken], "catch": [NAP], "finally": [LONG, LAST]}
    bench = Bench(around(guard(**paths)))

    assert error_of(bench.run()) == ("failed", "timeout", "around")
    assert bench.now - START == timedelta(hours=3, minutes=30)
    assert bench.world.calls == ["r:last"]


def test_every_try_on_the_way_out_does_what_is_to_be_done_in_any_case():
    inner = step("inner", "try", {"try": [NAP], "finally": [step("first", "outside")]})
    bench = Bench(around(guard(**{"try": [inner], "finally": [LAST]})))

    assert error_of(bench.run()) == ("failed", "timeout", "around")
    assert bench.world.calls == ["r:first", "r:last"]


def test_side_by_side_each_path_does_what_is_to_be_done_in_any_case():
    def tried(name):
        last = step(f"{name}_last", "outside"), step(f"{name}_after", "outside")
        nap = NAP | {"id": f"{name}_nap"}
        return [step(f"{name}_try", "try", {"try": [nap], "finally": [*last]})]

    paths = {name: tried(name) for name in ("a", "b")}
    bench = Bench(step("around", "parallel", paths, timeout="30m"))

    assert error_of(bench.run()) == ("failed", "timeout", "around")
    assert sorted(bench.world.calls) == ["r:a_after", "r:a_last", "r:b_after", "r:b_last"]


def test_a_failure_in_finally_replaces_the_time_that_was_up():
    world = World({"last": StepFailed("no way")})
    bench = Bench(around(guard(**{"try": [NAP], "finally": [LAST]})), world=world)

    assert bench.run().error["message"] == "no way"


WORKFLOWS = {
    "caught": [guard(timeout="30m", **{"try": [NAP], "catch": [LONG], "finally": [LAST]})],
    "not caught": [guard(timeout="30m", **{"try": [NAP], "finally": [LONG, LAST]})],
    "too late in the catch": [
        guard(
            timeout="30m",
            **{
                "try": [step("broken", "stop", outcome="fail", message="no")],
                "catch": [NAP],
                "finally": [LONG, LAST],
            },
        )
    ],
    "around": [around(guard(**{"try": [NAP], "catch": [LAST], "finally": [LONG, LAST]}))],
    "around, caught farther out": [
        step(
            "far",
            "try",
            {
                "try": [around(guard(**{"try": [NAP], "finally": [LONG, LAST]}))],
                "catch": [step("said", value="{{ error.step }}")],
            },
        )
    ],
    "side by side": [
        step(
            "around",
            "for_each",
            {"body": [guard(**{"try": [NAP], "finally": [LONG, LAST]})]},
            list=[1, 2, 3],
            concurrency=2,
            timeout="30m",
        )
    ],
}


@pytest.mark.parametrize("name", WORKFLOWS)
def test_power_cuts_change_nothing_of_it(name):
    whole, cut = (Bench(*WORKFLOWS[name]) for _ in range(2))

    ended, ended_through_cuts = whole.run(), cut.run_through_cuts()

    assert ended_through_cuts.state == ended.state
    assert without_times(ended_through_cuts.error) == without_times(ended.error)
    assert without_errors(cut.outputs) == without_errors(whole.outputs)
    assert set(cut.world.calls) == set(whole.world.calls)
