import pytest

from core.engine.errors import StepFailed
from tests.unit.engine.machines import Bench, World, step


def broken(message="it is broken", **details):
    return lambda perform: StepFailed(message, **details)


@pytest.mark.parametrize("concurrency", [1, 3])
def test_results_of_a_loop_belong_to_their_items(concurrency):
    bench = Bench(
        step(
            "loop",
            "for_each",
            list="{{ trigger.items }}",
            concurrency=concurrency,
            branches={"body": [step("double", value="{{ item * 2 + index }}")]},
        ),
        trigger={"items": [10, 20, 30]},
    )

    bench.run()

    assert bench.outputs["loop"] == {"count": 3, "failed": 0, "results": [20, 41, 62]}


def test_a_loop_keeps_what_it_is_told_to_keep():
    bench = Bench(
        step(
            "loop",
            "for_each",
            list=[1, 2],
            collect={"was": "{{ item }}", "is": "{{ steps.x }}"},
            branches={"body": [step("x", value="{{ item + 1 }}")]},
        )
    )

    bench.run()

    assert bench.outputs["loop"]["results"] == [{"was": 1, "is": 2}, {"was": 2, "is": 3}]


def test_steps_of_a_body_cannot_be_seen_after_the_loop():
    bench = Bench(
        step("loop", "for_each", list=[1], branches={"body": [step("x", value=1)]}),
        step("after", value="{{ steps.x }}"),
    )

    bench.run()

    assert bench.outputs["after"] is None


def test_an_empty_value_is_an_empty_list_and_a_text_is_none():
    good = Bench(step("loop", "for_each", list="{{ trigger.no }}", branches={"body": []}))
    bad = Bench(step("loop", "for_each", list="text", branches={"body": []}))

    assert good.run().state == "succeeded"
    assert good.outputs["loop"]["count"] == 0
    assert "must be a list" in bad.run().error["message"]


def test_items_that_fail_leave_null_if_the_loop_goes_on():
    world = World({"loop/1/call": broken()})
    bench = Bench(
        step(
            "loop",
            "for_each",
            list=[1, 2, 3],
            on_item_error="continue",
            branches={"body": [step("call", "outside")]},
        ),
        world=world,
    )

    assert bench.run().state == "succeeded"
    assert bench.outputs["loop"]["failed"] == 1
    assert bench.outputs["loop"]["results"][1] is None


def test_an_item_that_fails_stops_the_loop_and_the_rest_is_not_tried():
    world = World({"loop/1/call": broken()})
    bench = Bench(
        step("loop", "for_each", list=[1, 2, 3], branches={"body": [step("call", "outside")]}),
        world=world,
    )

    assert bench.run().state == "failed"
    assert world.calls == ["r:loop/0/call", "r:loop/1/call"]


def test_variables_set_in_a_loop_in_order_stay():
    add = step("add", "set_variables", values={"sum": "{{ vars.sum + item }}"})
    bench = Bench(
        step("zero", "set_variables", values={"sum": 0}),
        step("loop", "for_each", list=[1, 2, 3], branches={"body": [add]}),
        step("after", value="{{ vars.sum }}"),
    )

    bench.run()

    assert bench.outputs["after"] == 6


def test_items_side_by_side_have_variables_of_their_own():
    add = step("add", "set_variables", values={"sum": "{{ vars.sum + item }}"})
    bench = Bench(
        step("zero", "set_variables", values={"sum": 0}),
        step(
            "loop",
            "for_each",
            list=[1, 2],
            concurrency=2,
            collect="{{ vars.sum }}",
            branches={"body": [add]},
        ),
        step("after", value="{{ vars.sum }}"),
    )

    bench.run()

    assert bench.outputs["loop"]["results"] == [1, 2]
    assert bench.outputs["after"] == 0


def test_loops_nest_and_know_the_outer_item():
    inner = step(
        "inner",
        "for_each",
        list="{{ item }}",
        branches={"body": [step("x", value="{{ loops.outer.index }}:{{ item }}")]},
    )
    bench = Bench(
        step(
            "outer",
            "for_each",
            list=[["a"], ["b", "c"]],
            branches={"body": [inner]},
            collect="{{ steps.inner.results }}",
        )
    )

    bench.run()

    assert bench.outputs["outer"]["results"] == [["0:a"], ["1:b", "1:c"]]
