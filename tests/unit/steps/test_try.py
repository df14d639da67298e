from core.engine.errors import StepFailed
from tests.unit.engine.machines import Bench, World, step


def broken(message="it is broken", **details):
    return lambda perform: StepFailed(message, **details)


def test_a_caught_failure_is_in_scope_and_finally_comes_last():
    world = World({"x": broken()})
    paths = {
        "try": [step("x", "outside")],
        "catch": [step("c", value="{{ error.message }}")],
        "finally": [step("f", "outside")],
    }
    bench = Bench(
        step("t", "try", branches=paths), step("after", value="{{ steps.c }}"), world=world
    )

    assert bench.run().state == "succeeded"
    assert bench.outputs["after"] == "it is broken"
    assert bench.outputs["t"]["failed"] is True
    assert world.calls == ["r:x", "r:f"]


def test_without_a_catch_finally_runs_and_the_failure_goes_on():
    world = World({"x": broken()})
    paths = {"try": [step("x", "outside")], "finally": [step("f", "outside")]}
    bench = Bench(step("t", "try", branches=paths), world=world)

    assert bench.run().error["step"] == "x"
    assert world.calls == ["r:x", "r:f"]


def test_a_failure_in_finally_replaces_the_earlier_one():
    world = World({"x": broken("first"), "f": broken("second")})
    paths = {"try": [step("x", "outside")], "finally": [step("f", "outside")]}
    bench = Bench(step("t", "try", branches=paths), world=world)

    assert bench.run().error["message"] == "second"


def test_stop_ends_the_run_well_through_finally_but_not_through_catch():
    paths = {
        "try": [step("s", "stop", outcome="succeed", message="enough")],
        "catch": [step("c", "outside")],
        "finally": [step("f", "outside")],
    }
    bench = Bench(step("t", "try", branches=paths), step("after", "outside"))

    ended = bench.run()

    assert (ended.state, ended.reason) == ("succeeded", "stopped")
    assert bench.world.calls == ["r:f"]


def test_stop_as_a_failure_can_be_caught():
    paths = {
        "try": [step("s", "stop", outcome="fail", message="no stock")],
        "catch": [step("c", value="{{ error.message }}")],
    }
    bench = Bench(step("t", "try", branches=paths))

    assert bench.run().state == "succeeded"
    assert bench.outputs["c"] == "no stock"
