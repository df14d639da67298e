"""Every workflow here is run whole, and with the power cut after every single journal write."""

import pytest

from core.engine.errors import StepFailed
from tests.unit.engine.machines import Bench, World, step

PAY = step("pay", "outside", retry={"attempts": 3, "wait": "1s"})
ADD = step("add", "set_variables", values={"sum": "{{ (vars.sum | default(0)) + item }}"})


def body(*steps):
    return {"body": list(steps)}


WORKFLOWS = {
    "in order": [step("a", value=1), PAY, step("b", value="{{ steps.pay.did }}")],
    "loop in order": [
        step("loop", "for_each", list=[1, 2, 3], branches=body(step("x", "outside"), ADD)),
        step("after", value="{{ vars.sum }}"),
    ],
    "loop side by side": [
        step(
            "loop",
            "for_each",
            list=[1, 2, 3, 4],
            concurrency=2,
            collect="{{ steps.x.did }}",
            branches=body(step("x", "outside"), step("y", value="{{ item }}")),
        ),
    ],
    "loops in a loop": [
        step(
            "outer",
            "for_each",
            list=[[1], [2, 3]],
            collect="{{ steps.inner.results }}",
            branches=body(
                step("inner", "for_each", list="{{ item }}", branches=body(step("x", "outside")))
            ),
        ),
    ],
    "parallel": [
        step(
            "both",
            "parallel",
            branches={
                "a": [step("x", "outside"), step("x2", value="{{ steps.x.did }}")],
                "b": [step("y", "outside"), step("w", "wait", **{"for": "1h"})],
            },
        ),
        step("after", "outside"),
    ],
    "caught": [
        step(
            "t",
            "try",
            branches={
                "try": [step("ok", "outside"), step("broken", "outside")],
                "catch": [step("c", "outside"), step("m", value="{{ error.message }}")],
                "finally": [step("f", "outside")],
            },
        ),
        step("after", value="{{ steps.m }}"),
    ],
    "not caught": [
        step(
            "t",
            "try",
            branches={
                "try": [step("broken", "outside")],
                "finally": [step("f", "outside")],
            },
        ),
    ],
    "a loop that stops at its first failed item": [
        step(
            "t",
            "try",
            branches={
                "try": [
                    step(
                        "loop",
                        "for_each",
                        list=[1, 2],
                        branches=body(step("broken", "outside", only_when="{{ item == 1 }}")),
                    )
                ],
                "catch": [step("c", "outside")],
            },
        ),
    ],
    "a loop whose results cannot be kept": [
        step(
            "loop",
            "for_each",
            list=[1, 2],
            collect="{{ item + {} }}",
            branches=body(step("x", "outside")),
        ),
    ],
    "stopped": [
        step(
            "t",
            "try",
            branches={
                "try": [step("s", "stop", outcome="succeed", message="enough")],
                "finally": [step("f", "outside")],
            },
        ),
        step("after", "outside"),
    ],
    "repeat": [
        step("n", "set_variables", values={"n": 0}),
        step(
            "loop",
            "repeat",
            branches=body(
                step("x", "outside"),
                step("up", "set_variables", values={"n": "{{ vars.n + 1 }}"}),
            ),
            **{"while": "{{ vars.n < 3 }}"},
        ),
        step("after", value="{{ vars.n }}"),
    ],
    "choice": [
        step(
            "way",
            "branch",
            branches={
                "yes": {"only_when": "{{ trigger.yes }}", "steps": [step("x", "outside")]},
                "otherwise": [step("y", "outside")],
            },
        ),
        step("answer", "return_data", body={"taken": "{{ steps.way.taken }}"}),
        step("last", "outside"),
        step("reads", value="{{ steps.x.did }}"),
    ],
    "goes on after a failure": [
        step("broken", "outside", on_error="continue"),
        step("after", value="{{ steps.broken.error.message }}"),
    ],
    "flaky": [step("flaky", "outside"), step("after", value="{{ steps.flaky }}")],
}


def world():
    """`broken` always fails; `flaky` fails the first two times that it is asked."""
    asked = []

    def flaky(perform):
        asked.append(perform)
        if perform.attempt < 3:
            return StepFailed("not yet", retryable=True)
        return {"ok": True}

    return World({"broken": lambda _: StepFailed("broken"), "flaky": flaky})


def whole_and_cut(steps):
    whole = Bench(*steps, world=world(), trigger={"yes": True})
    cut = Bench(*steps, world=world(), trigger={"yes": True})
    return (whole, whole.run()), (cut, cut.run_through_cuts())


def without_times(error):
    return error and {k: v for k, v in error.items() if k != "at"}


@pytest.mark.parametrize("name", WORKFLOWS)
def test_power_cuts_change_neither_results_nor_effects(name):
    (whole, ended), (cut, ended_through_cuts) = whole_and_cut(WORKFLOWS[name])

    assert ended_through_cuts.state == ended.state
    assert ended_through_cuts.reason == ended.reason
    assert without_times(ended_through_cuts.error) == without_times(ended.error)
    assert without_errors(cut.outputs) == without_errors(whole.outputs)
    assert set(cut.world.calls) == set(whole.world.calls)
    assert cut.machine.replies == whole.machine.replies


def without_errors(outputs):
    """Errors carry the time they happened at; all else must be equal."""
    return {
        path: without_times(value.get("error"))
        if isinstance(value, dict) and "error" in value
        else value
        for path, value in outputs.items()
    }


def test_an_output_taken_from_its_row_is_visible_after_the_next_restore():
    """An inside effect commits its row before its entry; then a block around it ends."""
    bench = Bench(
        step("b", "branch", branches={"only": [step("up", "outside")]}),
        step("w", "wait", **{"for": "1h"}),
        step("after", value="{{ steps.up }}"),
    )
    [perform] = bench.make().advance()
    bench.journal.keep(perform, "succeeded", output=1)
    bench.make().advance()

    bench.run()

    assert bench.outputs["after"] == 1
