from tests.unit.engine.machines import Bench, step


def test_the_first_path_that_fits_is_taken_and_its_steps_can_be_read_afterwards():
    paths = {
        "big": {"only_when": "{{ trigger.total > 100 }}", "steps": [step("x", value="big")]},
        "huge": {"only_when": "{{ trigger.total > 1000 }}", "steps": [step("y", value="huge")]},
        "otherwise": [step("z", value="small")],
    }
    bench = Bench(
        step("way", "branch", branches=paths),
        step("b", value="{{ steps.x }}"),
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
