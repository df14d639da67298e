from core.engine.errors import StepFailed
from tests.unit.engine.machines import Bench, World, step


def broken(message="it is broken", **details):
    return lambda perform: StepFailed(message, **details)


def test_parallel_paths_give_their_last_outputs_and_are_visible_afterwards():
    paths = {"a": [step("x", value=1)], "b": [step("y", value="{{ steps.x }}")]}
    bench = Bench(step("both", "parallel", branches=paths), step("after", value="{{ steps.x }}"))

    bench.run()

    assert bench.outputs["both"] == {"a": 1, "b": None}
    assert bench.outputs["after"] == 1


def test_a_path_that_fails_stops_the_others():
    world = World({"x": broken()})
    paths = {"a": [step("x", "outside")], "b": [step("y", "outside"), step("z", "outside")]}
    bench = Bench(step("both", "parallel", branches=paths), world=world)

    ended = bench.run()

    assert ended.error["step"] == "x"
    assert "r:z" not in world.calls


def test_a_path_may_fail_and_the_others_go_on():
    world = World({"x": broken()})
    paths = {"a": [step("x", "outside")], "b": [step("y", value=2)]}
    bench = Bench(step("both", "parallel", on_branch_error="continue", branches=paths), world=world)

    assert bench.run().state == "succeeded"
    assert bench.outputs["both"]["b"] == 2
    assert bench.outputs["both"]["a"]["error"]["message"] == "it is broken"
