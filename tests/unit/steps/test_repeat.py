from tests.unit.engine.machines import Bench, step


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
