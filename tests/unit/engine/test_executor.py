from datetime import timedelta

import pytest

from core.engine.errors import StepFailed
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


def test_the_first_path_that_fits_is_taken_and_its_steps_can_be_read_afterwards():
    paths = {
        "big": {"only_when": "{{ trigger.total > 100 }}", "steps": [step("x", value="big")]},
        "huge": {"only_when": "{{ trigger.total > 1000 }}", "steps": [step("y", value="huge")]},
        "otherwise": [step("z", value="small")],
    }
    bench = Bench(
        step("way", "branch", branches=paths), step("b", value="{{ steps.x }}"),
        trigger={"total": 5000},
    )

    bench.run()

    assert bench.outputs == {"x": "big", "way": {"taken": ["big"]}, "b": "big"}


def test_every_path_that_fits_is_taken_if_asked():
    paths = {
        "a": {"only_when": "{{ true }}", "steps": []},
        "b": {"only_when": "{{ false }}", "steps": []},
        "c": {"only_when": "{{ true }}", "steps": []},
        "otherwise": [],
    }
    bench = Bench(step("way", "branch", mode="all", branches=paths))

    bench.run()

    assert bench.outputs["way"] == {"taken": ["a", "c"]}


def test_otherwise_is_taken_when_nothing_fits():
    paths = {"a": {"only_when": "{{ false }}", "steps": []}, "otherwise": []}
    bench = Bench(step("way", "branch", branches=paths))

    bench.run()

    assert bench.outputs["way"] == {"taken": ["otherwise"]}


@pytest.mark.parametrize("concurrency", [1, 3])
def test_results_of_a_loop_belong_to_their_items(concurrency):
    bench = Bench(
        step(
            "loop", "for_each", list="{{ trigger.items }}", concurrency=concurrency,
            branches={"body": [step("double", value="{{ item * 2 + index }}")]},
        ),
        trigger={"items": [10, 20, 30]},
    )

    bench.run()

    assert bench.outputs["loop"] == {"count": 3, "failed": 0, "results": [20, 41, 62]}


def test_a_loop_keeps_what_it_is_told_to_keep():
    bench = Bench(
        step(
            "loop", "for_each", list=[1, 2], collect={"was": "{{ item }}", "is": "{{ steps.x }}"},
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
            "loop", "for_each", list=[1, 2, 3], on_item_error="continue",
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
            "loop", "for_each", list=[1, 2], concurrency=2, collect="{{ vars.sum }}",
            branches={"body": [add]},
        ),
        step("after", value="{{ vars.sum }}"),
    )

    bench.run()

    assert bench.outputs["loop"]["results"] == [1, 2]
    assert bench.outputs["after"] == 0


def test_loops_nest_and_know_the_outer_item():
    inner = step(
        "inner", "for_each", list="{{ item }}",
        branches={"body": [step("x", value="{{ loops.outer.index }}:{{ item }}")]},
    )
    bench = Bench(
        step("outer", "for_each", list=[["a"], ["b", "c"]], branches={"body": [inner]},
             collect="{{ steps.inner.results }}")
    )

    bench.run()

    assert bench.outputs["outer"]["results"] == [["0:a"], ["1:b", "1:c"]]


def test_repeat_goes_on_until_its_condition_holds():
    count = step("count", "set_variables", values={"n": "{{ (vars.n | default(0)) + 1 }}"})
    bench = Bench(step("loop", "repeat", until="{{ vars.n == 4 }}", branches={"body": [count]}))

    bench.run()

    assert bench.outputs["loop"] == {"count": 4}


def test_repeat_asks_while_before_each_turn():
    bench = Bench(step("loop", "repeat", branches={"body": []}, **{"while": "{{ index < 3 }}"}))

    bench.run()

    assert bench.outputs["loop"] == {"count": 3}


def test_a_repeat_that_does_not_end_fails():
    bench = Bench(step("loop", "repeat", until="{{ false }}", max=5, branches={"body": []}))

    assert bench.run().error["kind"] == "limit"


def test_parallel_paths_give_their_last_outputs_and_are_visible_afterwards():
    paths = {"a": [step("x", value=1)], "b": [step("y", value="{{ steps.x }}")]}
    bench = Bench(
        step("both", "parallel", branches=paths), step("after", value="{{ steps.x }}")
    )

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
    bench = Bench(
        step("both", "parallel", on_branch_error="continue", branches=paths), world=world
    )

    assert bench.run().state == "succeeded"
    assert bench.outputs["both"]["b"] == 2
    assert bench.outputs["both"]["a"]["error"]["message"] == "it is broken"


def test_a_caught_failure_is_in_scope_and_finally_comes_last():
    world = World({"x": broken()})
    paths = {
        "try": [step("x", "outside")],
        "catch": [step("c", value="{{ error.message }}")],
        "finally": [step("f", "outside")],
    }
    bench = Bench(step("t", "try", branches=paths), step("after", value="{{ steps.c }}"),
                  world=world)

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


def test_a_wait_ends_when_its_time_has_come_even_after_a_crash():
    bench = Bench(step("w", "wait", **{"for": "2h"}), step("after", value=1))
    machine = bench.make()
    machine.advance()
    bench.now += timedelta(hours=1)

    assert bench.run().state == "succeeded"
    assert bench.now - START == timedelta(hours=2)


def test_a_block_may_only_take_so_long():
    body = [step("w", "wait", **{"for": "1h"}), step("x", "outside")]
    bench = Bench(
        step("loop", "for_each", list=[1, 2], timeout="90m", branches={"body": body})
    )

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
